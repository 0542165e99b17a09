import ModelFormat

/// Values whose channels can be scaled together without changing what a network computes.
///
///     Conv -> a; Conv -> b; Add(a, b) -> c; Relu(c) -> d; d -> Conv
///
/// `a`, `b`, `c` and `d` are one class: channel `k` of all of them times `s` is row `k` of the first two
/// Convs times `s`, and column `k` of the last over `s`.
struct ChannelClasses {
  /// One class.
  struct Class {
    /// The values in it.
    var values: [ValueID] = []
    /// Layers whose outputs are in it.
    var producers: [Int] = []
    /// Layers that read it, as positions of nodes.
    var consumers: [Int] = []
    /// Channels of each value.
    var channels = 0
    /// Where an activation cuts values off, or nil.
    ///
    /// A channel that is divided by less than one is cut off earlier, so the largest element must stay below.
    var ceiling: Float?
  }

  /// The classes that can be scaled.
  let classes: [Class]

  /// Finds the classes of `graph`, whose activations are fused into layers.
  init(_ graph: Graph) {
    let layers = Set(
      graph.weightedNodes(.none).map(\.position).filter {
        Self.isScalable(graph.nodes[$0], graph)
      })
    var sets = DisjointSets(count: graph.values.count)
    // Values that something reads or writes which is not indifferent to scale.
    var isFixed = [Bool](repeating: false, count: graph.values.count)
    for id in graph.inputs + graph.outputs { isFixed[id.index] = true }
    var ceilings: [(ValueID, Float)] = []
    for (position, node) in graph.nodes.enumerated() {
      let operands = node.inputs.compactMap { $0 }.filter { graph[$0].constant == nil }
      let results = node.outputs.compactMap { $0 }
      if layers.contains(position) {
        // A residual, where there is one, is added to the output.
        if operands.count > 1, let output = results.first {
          for operand in operands.dropFirst() { sets.unite(operand.index, output.index) }
        }
        switch Self.activation(node) {
        case .homogeneous: break
        case .cut(let ceiling): ceilings.append((results[0], ceiling))
        case .other: isFixed[results[0].index] = true
        }
      } else if Self.isHomogeneous(node, graph), !results.isEmpty,
        Self.takesNoFactor(node, operands),
        operands.allSatisfy({ Self.channels($0, graph) == Self.channels(results[0], graph) })
      {
        for operand in operands { sets.unite(operand.index, results[0].index) }
      } else {
        for id in operands + results { isFixed[id.index] = true }
      }
    }
    var found: [Int: Class] = [:]
    var broken = Set<Int>()
    for (index, value) in graph.values.enumerated() where value.constant == nil {
      let root = sets.root(of: index)
      if isFixed[index] { broken.insert(root) }
      found[root, default: Class()].values.append(ValueID(index))
    }
    for (value, ceiling) in ceilings {
      let root = sets.root(of: value.index)
      let known = found[root]?.ceiling ?? .infinity
      found[root]?.ceiling = min(known, ceiling)
    }
    for position in layers.sorted() {
      let node = graph.nodes[position]
      if let input = node.inputs[0] {
        found[sets.root(of: input.index)]?.consumers.append(position)
      }
      if let output = node.outputs[0] {
        found[sets.root(of: output.index)]?.producers.append(position)
      }
    }
    classes = found.filter { root, _ in !broken.contains(root) }.sorted { $0.key < $1.key }
      .compactMap { _, members in
        var members = members
        let counts = Set(members.values.map { Self.channels($0, graph) })
        guard let count = counts.first.flatMap({ $0 }), counts.count == 1, count > 1,
          !members.producers.isEmpty, !members.consumers.isEmpty
        else { return nil }
        members.channels = count
        return members
      }
  }

  /// Whether the rows and columns of a layer's weights can be scaled by channel.
  private static func isScalable(_ node: Node, _ graph: Graph) -> Bool {
    guard node.inputs.count > 1, let weights = node.inputs[1], let input = node.inputs[0],
      graph[input].constant == nil, let shape = graph[weights].constant?.shape,
      let read = graph[input].shape, read.rank == shape.rank
    else { return false }
    if node.inputs.count > 2, let bias = node.inputs[2] {
      guard graph[bias].constant?.shape.count == shape[0] else { return false }
    }
    switch node.op {
    case "Conv":
      var groups = 1
      if case .int(let stated)? = node.attributes["group"] { groups = Int(stated) }
      return (3...4).contains(shape.rank) && groups >= 1 && shape[0] % groups == 0
        && read[1] == shape[1] * groups
    case "Gemm":
      return node.attributes["transB"] == .int(1) && node.attributes["transA"] != .int(1)
        && read[1] == shape[1]
    default: return false
    }
  }

  /// What an activation that is fused into a layer does to scaled channels.
  private enum Activation {
    /// `f(s x) = s f(x)` for every `s > 0`.
    case homogeneous
    /// The same below a ceiling.
    case cut(Float)
    case other
  }

  private static func activation(_ node: Node) -> Activation {
    switch node.attributes["activation"] {
    case nil, .string("Relu"): return .homogeneous
    case .string("Clip"):
      guard case .float(let low)? = node.attributes["activation_min"], low == 0,
        case .float(let high)? = node.attributes["activation_max"], high.isNormal, high > 0
      else { return .other }
      return .cut(high)
    default: return .other
    }
  }

  /// Whether a node between layers keeps channels apart and scales with what it reads.
  private static func isHomogeneous(_ node: Node, _ graph: Graph) -> Bool {
    switch node.op {
    case "Add", "Sub", "Max", "Min", "Sum", "Relu", "LeakyRelu", "MaxPool", "AveragePool",
      "GlobalAveragePool", "GlobalMaxPool", "Identity":
      return true
    case "Flatten", "Reshape", "Squeeze":
      // Of one pixel: rows of channels.
      guard let from = node.inputs[0].flatMap({ graph[$0].shape }),
        let to = node.outputs[0].flatMap({ graph[$0].shape }), from.rank >= 2, to.rank >= 2
      else { return false }
      return from[0] == to[0] && from[1] == to[1] && from.count == from[0] * from[1]
    default: return false
    }
  }

  /// Whether nothing but activations takes part: a constant would have to be scaled along.
  private static func takesNoFactor(_ node: Node, _ operands: [ValueID]) -> Bool {
    let isShape = ["Flatten", "Reshape", "Squeeze"].contains(node.op)
    return isShape || operands.count == node.inputs.count { $0 != nil }
  }

  /// The channels of a value: dimension 1.
  private static func channels(_ id: ValueID, _ graph: Graph) -> Int? {
    guard let shape = graph[id].shape, shape.rank >= 2 else { return nil }
    return shape[1]
  }
}

/// Sets of numbers that only grow together (Galler and Fischer, 1964), with paths halved.
struct DisjointSets {
  private var parents: [Int]

  /// Numbers below `count`, each by itself.
  init(count: Int) { parents = [Int](0..<count) }

  /// The number that stands for the set of `member`.
  mutating func root(of member: Int) -> Int {
    var member = member
    while parents[member] != member {
      parents[member] = parents[parents[member]]
      member = parents[member]
    }
    return member
  }

  /// Makes one set of two; the smaller number stands for it.
  mutating func unite(_ a: Int, _ b: Int) {
    let (x, y) = (root(of: a), root(of: b))
    parents[max(x, y)] = min(x, y)
  }
}
