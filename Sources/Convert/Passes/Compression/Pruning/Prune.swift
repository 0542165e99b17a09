import ModelFormat

/// Sets the least important weights to zero, by magnitude.
///
/// Han et al., "Learning both Weights and Connections" (2015) for single weights; groups are ranked by
/// their Euclidean norm.
struct Prune {
  let specification: ConversionOptions.Pruning
  /// What the threshold is solved over.
  let scope: ConversionOptions.PruningScope

  /// A step of pruning; without a scope, that of the pattern.
  ///
  /// Single weights have one threshold for the network. Blocks are there for speed, which follows the
  /// zeros of each layer: as patterns N:M, they take the same part of each.
  init(
    specification: ConversionOptions.Pruning, scope: ConversionOptions.PruningScope? = nil
  ) {
    self.specification = specification
    switch specification {
    case .unstructured: self.scope = scope ?? .global
    case .block, .pattern: self.scope = scope ?? .layer
    }
  }

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

    /// Calls `body` with the key of each group.
    func forEachKey(_ graph: Graph, _ body: (UInt32) -> Void) {
      guard let elements = graph[id].constant?.floats() else { return }
      groups.forEachKey(elements) { body($1) }
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
    let total = layers.reduce(0) { $0 + $1.groups.count }
    let size = layers.first?.groups.size ?? 1
    let groupCount = min(total, Int((Double(count) / Double(size)).rounded()))
    let limit =
      groupCount == 0
      ? nil
      : KeyLimit(rank: groupCount) { body in
        for layer in layers { layer.forEachKey(graph, body) }
      }
    // Ties go in the order of the weights, so that the count is exact and repeatable.
    var ties = groupCount - (limit?.before ?? 0)
    for layer in layers {
      edit(layer, &graph, &effect) { elements in
        guard let limit else { return }
        layer.groups.forEachKey(elements) { group, key in
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
}
