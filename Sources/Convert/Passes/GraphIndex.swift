import ModelFormat

/// Who makes and who reads each value of a graph; valid until the graph changes.
struct GraphIndex {
  /// For each value the node that computes it, or nil; who moves nodes keeps it up to date.
  var producer: [Int?]
  /// For each value the nodes that read it, a node once for each operand.
  let consumers: [[Int]]
  /// Whether the value is a graph output.
  let isOutput: [Bool]

  init(_ graph: Graph) {
    var producer = [Int?](repeating: nil, count: graph.values.count)
    var consumers = [[Int]](repeating: [], count: graph.values.count)
    var isOutput = [Bool](repeating: false, count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() {
      for case let id? in node.outputs { producer[id.index] = index }
      for case let id? in node.inputs { consumers[id.index].append(index) }
    }
    for id in graph.outputs { isOutput[id.index] = true }
    self.producer = producer
    self.consumers = consumers
    self.isOutput = isOutput
  }

  /// The only node that reads `id`, where nothing else depends on the value.
  func onlyConsumer(of id: ValueID) -> Int? {
    guard !isOutput[id.index], consumers[id.index].count == 1 else { return nil }
    return consumers[id.index][0]
  }
}

extension Graph {
  /// Makes every reader of `old`, graph outputs among them, read `new` instead.
  mutating func replaceUses(of old: ValueID, with new: ValueID) {
    for index in nodes.indices {
      for position in nodes[index].inputs.indices where nodes[index].inputs[position] == old {
        nodes[index].inputs[position] = new
      }
    }
    for index in outputs.indices where outputs[index] == old { outputs[index] = new }
  }

  /// The float32 elements of a constant, or nil where `id` is none.
  func floats(_ id: ValueID?) -> [Float]? {
    guard let id, let constant = self[id].constant, self[id].type == .float32 else { return nil }
    return constant.floats()
  }

  /// The integers of a constant, or nil where `id` is none.
  func integers(_ id: ValueID?) -> [Int]? {
    guard let id, let constant = self[id].constant else { return nil }
    return constant.integers()?.map { Int($0) }
  }

  /// Removes nodes and renumbers values so that only those that are used stay.
  mutating func compact(keeping isKept: [Bool]) {
    nodes = zip(nodes, isKept).filter(\.1).map(\.0)
    var isUsed = [Bool](repeating: false, count: values.count)
    for id in inputs + outputs { isUsed[id.index] = true }
    for node in nodes { for case let id? in node.inputs + node.outputs { isUsed[id.index] = true } }
    var renumbered = [ValueID?](repeating: nil, count: values.count)
    var kept: [Value] = []
    for index in values.indices where isUsed[index] {
      renumbered[index] = ValueID(kept.count)
      kept.append(values[index])
    }
    values = kept
    func map(_ id: ValueID) -> ValueID { renumbered[id.index] ?? id }
    inputs = inputs.map(map)
    outputs = outputs.map(map)
    for index in nodes.indices {
      nodes[index].inputs = nodes[index].inputs.map { $0.map(map) }
      nodes[index].outputs = nodes[index].outputs.map { $0.map(map) }
    }
  }
}
