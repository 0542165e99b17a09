import ModelFormat

/// A graph that is being rewritten, with who makes and who reads each value kept up to date.
///
/// Positions of nodes stay valid until `finished`: removed nodes leave a gap, new ones are linked in
/// between. Every edit takes time in proportion to what it touches, so that a pass over the whole
/// graph is linear.
struct GraphEditor {
  private var edited: Graph
  /// For each value the node that computes it, or nil.
  private(set) var producer: [Int?]
  /// For each value the nodes that read it, a node once for each operand.
  private(set) var readers: [[Int]]
  private var isOutput: [Bool]
  private var isKept: [Bool]
  /// The order of nodes: for each position the one behind it and the one before it, or nil.
  private var next: [Int?]
  private var previous: [Int?]
  private var first: Int?
  private var names: FreshNames
  private var budget: GrowthBudget

  init(_ graph: Graph) {
    let index = GraphIndex(graph)
    edited = graph
    producer = index.producer
    readers = index.consumers
    isOutput = index.isOutput
    let count = graph.nodes.count
    isKept = Array(repeating: true, count: count)
    next = (0..<count).map { $0 + 1 < count ? $0 + 1 : nil }
    previous = (0..<count).map { $0 > 0 ? $0 - 1 : nil }
    first = count > 0 ? 0 : nil
    names = FreshNames(graph)
    budget = GrowthBudget(graph)
  }

  /// The values and nodes as they are now; nodes out of order and removed ones among them.
  var graph: Graph { edited }

  /// Whether the node at `position` is still there.
  func isThere(_ position: Int) -> Bool { isKept[position] }

  /// The node at `position`.
  subscript(position: Int) -> Node { edited.nodes[position] }

  /// The node that computes `id`, where one does.
  func maker(of id: ValueID?) -> Int? { id.flatMap { producer[$0.index] } }

  /// Whether `id` is a graph output.
  func isOutput(_ id: ValueID) -> Bool { isOutput[id.index] }

  /// The only node that reads `id`, where nothing else depends on the value.
  func onlyReader(of id: ValueID) -> Int? {
    guard !isOutput[id.index], readers[id.index].count == 1 else { return nil }
    return readers[id.index][0]
  }

  /// Puts `node` in the place of another.
  mutating func replace(_ position: Int, with node: Node) {
    unlink(position)
    edited.nodes[position] = node
    link(position)
  }

  /// Removes a node whose outputs nobody reads any more.
  mutating func remove(_ position: Int) {
    guard isKept[position] else { return }
    unlink(position)
    isKept[position] = false
  }

  /// Adds a node that runs just before the one at `position`, and returns its position.
  @discardableResult
  mutating func insert(_ node: Node, before position: Int) -> Int {
    let new = edited.nodes.count
    edited.nodes.append(node)
    isKept.append(true)
    let before = previous[position]
    next.append(position)
    previous.append(before)
    previous[position] = new
    if let before { next[before] = new } else { first = new }
    link(new)
    return new
  }

  /// Makes everybody who reads `old` read `new`.
  ///
  /// Where `old` is a graph output its name must stay: what computes `new` is renamed then. Returns
  /// false, and changes nothing, where that cannot be.
  mutating func redirect(_ old: ValueID, to new: ValueID) -> Bool {
    if isOutput[old.index] {
      guard !isOutput[new.index], let position = producer[new.index] else { return false }
      let removed = producer[old.index]
      move(readersOf: new, to: old)
      for slot in edited.nodes[position].outputs.indices
      where edited.nodes[position].outputs[slot] == new {
        edited.nodes[position].outputs[slot] = old
      }
      if let removed {
        for slot in edited.nodes[removed].outputs.indices
        where edited.nodes[removed].outputs[slot] == old {
          edited.nodes[removed].outputs[slot] = new
        }
      }
      producer[old.index] = position
      producer[new.index] = removed
      return true
    }
    move(readersOf: old, to: new)
    return true
  }

  /// Adds a value that some node is going to compute.
  mutating func addValue(_ base: String, _ type: ElementType, _ shape: Shape?) -> ValueID {
    add(Value(name: names.name(base), type: type, shape: shape))
  }

  /// Whether a new constant of `count` elements of 8 bytes at most may be made.
  mutating func affords(_ count: Int) -> Bool {
    budget.take(bytes: min(count, 1 << 48) * 8, work: min(count, 1 << 48))
  }

  /// Adds a constant that operators see as `type`; the stored type where that is nil.
  mutating func addConstant(
    _ base: String, _ tensor: Tensor, as type: ElementType? = nil
  ) -> ValueID {
    add(
      Value(
        name: names.name(base), type: type ?? tensor.type, shape: tensor.shape, constant: tensor))
  }

  /// The graph with its nodes in order, without those that were removed.
  func finished() -> Graph {
    var result = edited
    result.nodes = []
    var following = first
    while let position = following {
      if isKept[position] { result.nodes.append(edited.nodes[position]) }
      following = next[position]
    }
    result.compact(keeping: [Bool](repeating: true, count: result.nodes.count))
    return result
  }

  // MARK: -

  private mutating func add(_ value: Value) -> ValueID {
    producer.append(nil)
    readers.append([])
    isOutput.append(false)
    return edited.add(value)
  }

  private mutating func move(readersOf old: ValueID, to new: ValueID) {
    for reader in Set(readers[old.index]) {
      for slot in edited.nodes[reader].inputs.indices
      where edited.nodes[reader].inputs[slot] == old {
        edited.nodes[reader].inputs[slot] = new
      }
    }
    readers[new.index] += readers[old.index]
    readers[old.index] = []
  }

  private mutating func unlink(_ position: Int) {
    for case let id? in edited.nodes[position].inputs {
      if let slot = readers[id.index].firstIndex(of: position) {
        readers[id.index].remove(at: slot)
      }
    }
    for case let id? in edited.nodes[position].outputs where producer[id.index] == position {
      producer[id.index] = nil
    }
  }

  private mutating func link(_ position: Int) {
    for case let id? in edited.nodes[position].inputs { readers[id.index].append(position) }
    for case let id? in edited.nodes[position].outputs { producer[id.index] = position }
  }
}
