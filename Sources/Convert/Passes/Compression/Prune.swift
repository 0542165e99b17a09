import ModelFormat

/// Sets the least important weights to zero, by magnitude.
///
/// Han et al., "Learning both Weights and Connections" (2015) for single weights; groups are ranked by
/// their Euclidean norm.
struct Prune {
  let specification: ConversionOptions.Pruning
  let scope: ConversionOptions.PruningScope

  /// What pruning did.
  struct Effect {
    var zeros = 0
    var weights = 0
    /// Layers that the pattern does not fit.
    var skipped: [String] = []
  }

  /// Prunes the weights of `nodes`, each tensor once.
  ///
  /// Weights are read anew for each look at them, so that one layer at a time is in memory.
  func apply(_ graph: inout Graph, _ nodes: [WeightedNode]) -> Effect {
    var effect = Effect()
    var seen = Set<ValueID>()
    var layers: [Layer] = []
    for node in nodes where seen.insert(node.weights).inserted {
      guard let tensor = graph[node.weights].constant else { continue }
      effect.weights += tensor.shape.count
      guard let groups = WeightGroups(specification, tensor.shape) else {
        effect.skipped.append(node.name)
        continue
      }
      layers.append(Layer(id: node.weights, groups: groups))
    }
    switch specification {
    case .pattern(let keep, _):
      for layer in layers {
        edit(layer, &graph, &effect) { elements in layer.groups.keepLargest(keep, &elements) }
      }
    case .unstructured(let fraction), .block(let fraction):
      if scope == .layer {
        for layer in layers {
          let weights = graph[layer.id].constant?.shape.count ?? 0
          let count = (Double(weights) * fraction).rounded()
          zeroSmallest(Int(count), [layer], &graph, &effect)
        }
      } else {
        let count = (Double(effect.weights) * fraction).rounded()
        zeroSmallest(Int(count), layers, &graph, &effect)
      }
    }
    return effect
  }

  private struct Layer {
    let id: ValueID
    let groups: WeightGroups

    /// Calls `body` with the key of each group, which sorts as its norm does: squared norms are not
    /// negative, so that their bit patterns are in order.
    func forEachKey(_ graph: Graph, _ body: (UInt32) -> Void) {
      guard let elements = graph[id].constant?.floats() else { return }
      groups.forEach { body(groups.norm($0, elements).bitPattern) }
    }
  }

  /// Changes the elements of one layer.
  private func edit(
    _ layer: Layer, _ graph: inout Graph, _ effect: inout Effect, _ body: (inout [Float]) -> Void
  ) {
    guard let tensor = graph[layer.id].constant else { return }
    var elements = tensor.floats()
    body(&elements)
    effect.zeros += elements.count { $0 == 0 }
    graph[layer.id].constant = Tensor(elements, shape: tensor.shape)
  }

  /// Sets the groups with the smallest norms to zero, `count` weights in all.
  private func zeroSmallest(
    _ count: Int, _ layers: [Layer], _ graph: inout Graph, _ effect: inout Effect
  ) {
    var total = 0
    for layer in layers { layer.groups.forEach { _ in total += 1 } }
    let size = layers.first?.groups.size ?? 1
    let groupCount = min(total, Int((Double(count) / Double(size)).rounded()))
    let limit = groupCount > 0 ? Self.select(groupCount, layers, graph) : (key: 0, before: 0)
    // Ties go in the order of the weights, so that the count is exact and repeatable.
    var ties = groupCount - limit.before
    for layer in layers {
      edit(layer, &graph, &effect) { elements in
        guard groupCount > 0 else { return }
        layer.groups.forEach { group in
          let key = layer.groups.norm(group, elements).bitPattern
          if key > limit.key { return }
          if key == limit.key {
            guard ties > 0 else { return }
            ties -= 1
          }
          layer.groups.zero(group, &elements)
        }
      }
    }
  }

  /// The `count`-th smallest key and how many are below it, found by counting upper and then lower halves.
  private static func select(
    _ count: Int, _ layers: [Layer], _ graph: Graph
  ) -> (key: UInt32, before: Int) {
    /// The half at which `rank` is reached, and how many come before it.
    func bucket(_ rank: Int, _ half: (UInt32) -> Int?) -> (part: Int, before: Int) {
      var counts = [Int](repeating: 0, count: 1 << 16)
      for layer in layers {
        layer.forEachKey(graph) { key in if let part = half(key) { counts[part] += 1 } }
      }
      var before = 0
      for (part, number) in counts.enumerated() {
        if before + number >= rank { return (part, before) }
        before += number
      }
      return (counts.count - 1, before)
    }
    let high = bucket(count) { Int($0 >> 16) }
    let low = bucket(count - high.before) { key in
      key >> 16 == UInt32(high.part) ? Int(key & 0xFFFF) : nil
    }
    return (UInt32(high.part) << 16 | UInt32(low.part), high.before + low.before)
  }
}

/// The groups of weights that are pruned together: single weights, or neighbours along the input
/// channels of one output channel and one position of the kernel.
struct WeightGroups {
  /// Weights in a group.
  let size: Int
  private let rows: Int
  private let channels: Int
  private let positions: Int

  /// The groups of a tensor [outputs, inputs, kernel…]; nil where its inputs cannot be grouped.
  init?(_ specification: ConversionOptions.Pruning, _ shape: Shape) {
    rows = shape[0]
    channels = shape[1]
    positions = shape.dimensions[2...].reduce(1, *)
    switch specification {
    case .unstructured: size = 1
    case .block: size = 4
    case .pattern(_, let of): size = of
    }
    if size > 1, channels % size != 0 { return nil }
  }

  /// Calls `body` with the index of the first weight of each group; others follow `positions` apart.
  func forEach(_ body: (Int) -> Void) {
    for row in 0..<rows {
      for channel in stride(from: 0, to: channels, by: size) {
        let first = (row * channels + channel) * positions
        for position in 0..<positions { body(first + position) }
      }
    }
  }

  /// The squared Euclidean norm of a group; the square of one weight where groups are single.
  func norm(_ first: Int, _ elements: [Float]) -> Float {
    if size == 1 { return abs(elements[first]) }
    var sum: Float = 0
    for member in 0..<size {
      let weight = elements[first + member * positions]
      sum += weight * weight
    }
    return sum
  }

  /// Sets a group to zero.
  func zero(_ first: Int, _ elements: inout [Float]) {
    for member in 0..<size { elements[first + member * positions] = 0 }
  }

  /// Sets all but the `keep` largest weights of each group to zero.
  func keepLargest(_ keep: Int, _ elements: inout [Float]) {
    var pruned = elements
    forEach { first in
      let members = (0..<size).map { first + $0 * positions }
      let ranked = members.sorted { (abs(elements[$1]), $0) < (abs(elements[$0]), $1) }
      for member in ranked.dropFirst(keep) { pruned[member] = 0 }
    }
    elements = pruned
  }
}
