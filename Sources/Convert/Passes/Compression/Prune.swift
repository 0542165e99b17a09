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
  func apply(_ graph: inout Graph, _ nodes: [WeightedNode]) -> Effect {
    var effect = Effect()
    var seen = Set<ValueID>()
    var layers: [(id: ValueID, elements: [Float], shape: Shape, groups: WeightGroups)] = []
    for node in nodes where seen.insert(node.weights).inserted {
      guard let tensor = graph[node.weights].constant else { continue }
      effect.weights += tensor.shape.count
      guard let groups = WeightGroups(specification, tensor.shape) else {
        effect.skipped.append(node.name)
        continue
      }
      layers.append((node.weights, tensor.floats(), tensor.shape, groups))
    }
    switch specification {
    case .pattern(let keep, _):
      for index in layers.indices {
        layers[index].groups.keepLargest(keep, &layers[index].elements)
      }
    case .unstructured(let fraction), .block(let fraction):
      if scope == .layer {
        for index in layers.indices {
          let count = (Double(layers[index].elements.count) * fraction).rounded()
          zeroSmallest(Int(count), &layers[index...index])
        }
      } else {
        zeroSmallest(Int((Double(effect.weights) * fraction).rounded()), &layers[...])
      }
    }
    for layer in layers {
      graph[layer.id].constant = Tensor(layer.elements, shape: layer.shape)
      effect.zeros += layer.elements.count { $0 == 0 }
    }
    return effect
  }

  /// Sets the groups with the smallest norms to zero, `count` weights in all.
  private func zeroSmallest(
    _ count: Int,
    _ layers: inout ArraySlice<(id: ValueID, elements: [Float], shape: Shape, groups: WeightGroups)>
  ) {
    // Squared norms are not negative, so that their bit patterns sort as they do.
    var keys: [UInt32] = []
    for layer in layers {
      layer.groups.forEach { keys.append(layer.groups.norm($0, layer.elements).bitPattern) }
    }
    let size = layers.first?.groups.size ?? 1
    let groupCount = min(keys.count, Int((Double(count) / Double(size)).rounded()))
    guard groupCount > 0 else { return }
    let threshold = Self.select(keys, groupCount)
    var remaining = groupCount - keys.count { $0 < threshold }
    for index in layers.indices {
      let groups = layers[index].groups
      groups.forEach { group in
        let key = groups.norm(group, layers[index].elements).bitPattern
        if key > threshold { return }
        if key == threshold {
          // Ties go in the order of the weights, so that the count is exact and repeatable.
          guard remaining > 0 else { return }
          remaining -= 1
        }
        groups.zero(group, &layers[index].elements)
      }
    }
  }

  /// The `count`-th smallest key, found by counting upper and then lower halves.
  private static func select(_ keys: [UInt32], _ count: Int) -> UInt32 {
    func bucket(_ parts: some Sequence<UInt16>, _ rank: Int) -> (UInt16, Int) {
      var counts = [Int](repeating: 0, count: 1 << 16)
      for part in parts { counts[Int(part)] += 1 }
      var before = 0
      for (part, number) in counts.enumerated() {
        if before + number >= rank { return (UInt16(part), rank - before) }
        before += number
      }
      return (.max, rank)
    }
    let (high, rank) = bucket(keys.lazy.map { UInt16($0 >> 16) }, count)
    let (low, _) = bucket(
      keys.lazy.filter { $0 >> 16 == UInt32(high) }.map { UInt16(truncatingIfNeeded: $0) }, rank)
    return UInt32(high) << 16 | UInt32(low)
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
