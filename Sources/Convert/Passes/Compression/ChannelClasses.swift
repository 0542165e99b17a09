import ModelFormat

/// Values whose channels can be changed together without changing what a network computes.
///
///     Conv -> a; Conv -> b; Add(a, b) -> c; Relu(c) -> d; d -> Conv
///
/// `a`, `b`, `c` and `d` are one class: channel `k` of all of them times `s` is row `k` of the first two
/// Convs times `s`, and column `k` of the last over `s`. Likewise, channels of all of them change places where
/// rows and columns do.
struct ChannelClasses {
  /// What is to become of channels.
  enum Change {
    /// Each is multiplied with a factor of its own.
    case scaling
    /// They change places.
    case permutation
  }

  /// One class.
  struct Class {
    /// The values in it.
    var values: [ValueID] = []
    /// Layers whose outputs are in it.
    var producers: [Int] = []
    /// Layers that read it, as positions of nodes.
    var consumers: [Int] = []
    /// Of a permutation: convolutions that keep channels apart and have both what they read and their output in
    /// the class.
    var followers: [Int] = []
    /// Channels of each value.
    var channels = 0
    /// Where an activation cuts values off, or nil.
    ///
    /// A channel that is divided by less than one is cut off earlier, so the largest element must stay below.
    var ceiling: Float?
  }

  /// The classes that can be changed.
  let classes: [Class]

  /// Finds the classes of `graph`, whose activations are fused into layers.
  init(_ graph: Graph, for change: Change) {
    let weighted = graph.weightedNodes(.none).map(\.position).filter {
      Self.isLayer(graph.nodes[$0], graph)
    }
    let followers =
      change == .scaling ? [] : Set(weighted.filter { Self.isDepthwise(graph.nodes[$0], graph) })
    let layers = Set(
      weighted.filter {
        !followers.contains($0) && (change == .scaling || Self.groups(graph.nodes[$0]) == 1)
      })
    var sets = DisjointSets(count: graph.values.count)
    // Values that something reads or writes which is not indifferent to the change.
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
        guard change == .scaling else { continue }
        switch Self.activation(node) {
        case .homogeneous: break
        case .cut(let ceiling): ceilings.append((results[0], ceiling))
        case .other: isFixed[results[0].index] = true
        }
      } else if followers.contains(position) {
        for operand in operands { sets.unite(operand.index, results[0].index) }
      } else if Self.keepsChannels(node, graph, under: change), results.count == 1,
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
    for position in followers.sorted() {
      guard let output = graph.nodes[position].outputs[0] else { continue }
      found[sets.root(of: output.index)]?.followers.append(position)
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
}
