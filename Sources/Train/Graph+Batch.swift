import Interpreter
import ModelFormat

extension Graph {
  /// This network for `batch` samples at a time: the first dimension of every input becomes `batch`, and
  /// all shapes are inferred again.
  ///
  /// Reshapes to constant extents whose first is the batch get the new one.
  func withBatch(_ batch: Int) throws(TrainingError) -> Graph {
    guard !dependsOnData else {
      throw .batch(node: name, detail: "some shapes depend on the data of a run")
    }
    var graph = self
    var before: Int?
    for id in inputs {
      guard let shape = self[id].shape, shape.rank >= 1, shape[0] >= 1 else {
        throw .inputs(value: self[id].name, problem: "has no first dimension for a batch")
      }
      guard before == nil || before == shape[0] else {
        throw .inputs(
          value: self[id].name, problem: "has another first dimension than the inputs before it")
      }
      before = shape[0]
      graph[id].shape?[0] = batch
    }
    let old = before ?? 1
    for node in nodes {
      for case let id? in node.outputs { graph[id].shape = nil }
    }
    for index in nodes.indices {
      if nodes[index].op == "Reshape", batch != old { graph.rebatch(index, self, old, batch) }
      do { try graph.inferShapes(of: graph.nodes[index]) } catch {
        throw .batch(node: nodes[index].name, detail: "\(error)")
      }
      for case let id? in nodes[index].outputs where graph[id].shape == nil {
        throw .batch(
          node: nodes[index].name, detail: "its shape would depend on the data of a run")
      }
    }
    return graph
  }

  /// Brings the constant extents of Reshape `index` from batches of `old` to `batch`, where they name one.
  private mutating func rebatch(_ index: Int, _ original: Graph, _ old: Int, _ batch: Int) {
    let node = nodes[index]
    guard node.inputs.count == 2, let input = node.inputs[0], let target = node.inputs[1],
      let output = node.outputs[0], let before = original[output].shape,
      let inputBefore = original[input].shape, let inputNow = self[input].shape,
      inputBefore != inputNow, let extents = self[target].constant?.integers(),
      let first = extents.first,
      first > 0, before.rank > 0, before[0] % old == 0
    else { return }
    var changed = extents
    changed[0] = first / Int64(old) * Int64(batch)
    nodes[index].inputs[1] = addConstant(
      self[target].name + " of the batch", Tensor(changed, shape: [changed.count]))
  }

  /// The same network where no running statistic is shared: those of two layers may be equal at first,
  /// and one constant.
  func withOwnStatistics() -> Graph {
    var graph = self
    var isUsed: Set<ValueID> = []
    for node in nodes where node.op != "BatchNormalization" {
      for case let id? in node.inputs { isUsed.insert(id) }
    }
    for node in nodes where node.op == "BatchNormalization" {
      for case let id? in node.inputs.prefix(3) { isUsed.insert(id) }
    }
    for index in nodes.indices where nodes[index].op == "BatchNormalization" {
      for position in 3..<max(3, min(5, nodes[index].inputs.count)) {
        guard let id = nodes[index].inputs[position], let tensor = self[id].constant,
          !isUsed.insert(id).inserted
        else { continue }
        graph.nodes[index].inputs[position] = graph.addConstant(
          "\(self[id].name) of \(nodes[index].name).\(position)", tensor)
      }
    }
    return graph
  }

  /// Joins Relu and Clip to the BatchNormalization before them where nobody else reads it.
  ///
  /// That is one pass over memory less in each direction. Values in `kept` stay.
  mutating func joinActivations(keeping kept: Set<ValueID>) {
    var readers = [Int](repeating: 0, count: values.count)
    for node in nodes { for case let id? in node.inputs { readers[id.index] += 1 } }
    for id in outputs { readers[id.index] += 1 }
    var producer: [Int: Int] = [:]
    var dropped: Set<Int> = []
    for index in nodes.indices {
      let node = nodes[index]
      for case let id? in node.outputs { producer[id.index] = index }
      guard node.op == "Relu" || node.op == "Clip", let input = node.inputs[0],
        readers[input.index] == 1, !kept.contains(input), let maker = producer[input.index],
        nodes[maker].op == "BatchNormalization", nodes[maker].attributes["activation"] == nil,
        nodes[maker].outputs.count == 1, let output = node.outputs[0]
      else { continue }
      var bounds: [Float] = [-.infinity, .infinity]
      var isKnown = true
      for position in 1..<3 where position < node.inputs.count {
        guard let id = node.inputs[position] else { continue }
        if let bound = self[id].constant?.floats().first {
          bounds[position - 1] = bound
        } else {
          isKnown = false
        }
      }
      guard isKnown else { continue }
      nodes[maker].attributes["activation"] = .string(node.op)
      if node.op == "Clip" {
        nodes[maker].attributes["activation_min"] = .float(bounds[0])
        nodes[maker].attributes["activation_max"] = .float(bounds[1])
      }
      nodes[maker].outputs[0] = output
      producer[output.index] = maker
      dropped.insert(index)
    }
    nodes = nodes.indices.filter { !dropped.contains($0) }.map { nodes[$0] }
  }
}
