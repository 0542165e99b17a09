import Foundation
import ModelFormat

/// How much of each layer becomes zero, so that a part of all weights does with the least loss.
///
/// The loss of each layer is measured at a few parts of zeros, that layer alone pruned, as the divergence of
/// the network's outputs on samples that nothing was fitted to. A knapsack chooses among parts in between.
struct PruningAllocation {
  /// One layer that may be pruned.
  struct Layer {
    let name: String
    let weights: Int
    /// Measured: parts of zeros, rising, and the loss at each.
    var curve: [(fraction: Double, loss: Double)]
  }

  /// Parts of a layer that the knapsack chooses among.
  private static let grid = 50
  /// The largest part of a layer that becomes zero: more leaves outputs without a weight.
  private static let most = 0.98

  /// The part of zeros of each layer, `zeros` weights in all; as many as can be where they are fewer.
  static func fractions(_ layers: [Layer], zeros: Int) -> [String: Double] {
    let total = layers.reduce(0) { $0 + $1.weights }
    guard total > 0, zeros > 0 else { return [:] }
    let options = layers.map { layer in
      (0...grid).map { index in
        let fraction = most * Double(index) / Double(grid)
        return Knapsack.Option(
          cost: Double(layer.weights) * (1 - fraction), error: layer.loss(at: fraction))
      }
    }
    let kept = Double(total - min(zeros, total))
    var counts = layers.map { Double($0.weights) * most }
    if let chosen = Knapsack.solve(options, budget: kept) {
      for (index, option) in chosen.enumerated() {
        counts[index] = Double(layers[index].weights) * most * Double(option) / Double(grid)
      }
    }
    // The grid leaves some over: all layers take a part of it, each of what it has left.
    let missing = Double(zeros) - counts.reduce(0, +)
    let room = layers.indices.map { index in
      missing > 0 ? Double(layers[index].weights) * most - counts[index] : counts[index]
    }
    let sum = room.reduce(0, +)
    if sum > 0 {
      let part = max(-1, min(1, missing / sum))
      for index in counts.indices { counts[index] += part * room[index] }
    }
    var result: [String: Double] = [:]
    for (layer, count) in zip(layers, counts) {
      result[layer.name] = min(1, count / Double(max(1, layer.weights)))
    }
    return result
  }
}

extension PruningAllocation {
  /// The layers that a pattern of fixed zeros costs most for what they have: those that together have at most
  /// a 40th of `weights`.
  static func dearest(_ layers: [Layer], of weights: Int) -> Set<String> {
    var left = weights / 40
    var names = Set<String>()
    func price(_ layer: Layer) -> Double {
      (layer.curve.last?.loss ?? 0) / Double(max(1, layer.weights))
    }
    for layer in layers.sorted(by: { (price($1), $0.name) < (price($0), $1.name) })
    where layer.weights <= left {
      names.insert(layer.name)
      left -= layer.weights
    }
    return names
  }
}

extension PruningAllocation.Layer {
  /// The loss at a part of zeros, between measured ones: straight lines on a logarithmic scale, and below the
  /// first one a power.
  func loss(at fraction: Double) -> Double {
    guard fraction > 0, let first = curve.first else { return 0 }
    if fraction <= first.fraction {
      return first.loss * pow(fraction / first.fraction, 3)
    }
    var before = first
    for next in curve.dropFirst() {
      if fraction <= next.fraction {
        let part = (fraction - before.fraction) / (next.fraction - before.fraction)
        let (low, high) = (max(before.loss, 1e-12), max(next.loss, before.loss, 1e-12))
        return exp(log(low) * (1 - part) + log(high) * part)
      }
      before = next
      before.loss = max(before.loss, 1e-12)
    }
    // Beyond the last one the weights run out.
    let rest = (1 - before.fraction) / max(1 - fraction, 1e-3)
    return before.loss * rest
  }
}
