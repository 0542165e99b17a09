import Foundation
import ModelFormat

/// Gives the channels of an activation like magnitudes, so that one scale serves all of them.
///
/// Each channel is divided by a factor of its own, the rows of the weights that make it too, and the columns
/// that read it are multiplied: the network computes the same. (Nagel et al., "Data-Free Quantization Through
/// Weight Equalization and Bias Correction", 2019, section 4.1, for pairs of layers and by weights; here by
/// measured activations, as Xiao et al., "SmoothQuant", 2023, and through residual additions.)
///
/// Behind Relu6 and its like channels may only grow, as far as what was seen leaves room below the ceiling: then
/// an element far beyond what samples showed is cut off earlier, as it would be by its range.
struct EqualizeChannels {
  /// What the channels of each value are divided by, by the value's name.
  let factors: [String: [Float]]

  /// How much of the difference between channels moves from activations to weights: 1 is all of it.
  private static let strength = 0.5
  /// Factors beyond these restore noise.
  private static let limits = 1.0 / 64...64.0
  /// Room above the largest element that samples showed, below a ceiling.
  private static let margin: Float = 1.25

  /// Factors for `graph` from what a profile saw of the channels of its values.
  init(_ graph: Graph, _ profile: ChannelProfile) {
    let largest = profile.largest
    var factors: [String: [Float]] = [:]
    for group in ChannelClasses(graph, for: .scaling).classes {
      guard var found = Self.factors(group, graph, largest) else { continue }
      if let ceiling = group.ceiling {
        guard let most = Self.channels(group, largest) else { continue }
        Self.keep(&found, below: ceiling, most)
      }
      for value in group.values { factors[graph[value].name] = found }
    }
    self.factors = factors
  }

  /// Makes the largest factor one, and the others no smaller than `most` leaves room for.
  private static func keep(_ factors: inout [Float], below ceiling: Float, _ most: [Float]) {
    let largest = factors.max() ?? 1
    for channel in factors.indices {
      let least = min(1, margin * most[channel] / ceiling)
      factors[channel] = min(1, max(factors[channel] / largest, least, Float(limits.lowerBound)))
    }
  }

  /// The largest of what is known of each channel, over all values of a class; nil where nothing is.
  private static func channels(
    _ group: ChannelClasses.Class, _ known: [ValueID: [Float]]
  ) -> [Float]? {
    var found = [Float](repeating: 0, count: group.channels)
    var isKnown = false
    for value in group.values {
      guard let own = known[value], own.count == group.channels else { continue }
      isKnown = true
      for channel in own.indices { found[channel] = max(found[channel], own[channel]) }
    }
    return isKnown ? found : nil
  }

  /// Divides the channels of values by `factors`.
  static func apply(_ graph: inout Graph, _ factors: [String: [Float]]) {
    for group in ChannelClasses(graph, for: .scaling).classes {
      guard let found = group.values.first.flatMap({ factors[graph[$0].name] }),
        found.count == group.channels, found.allSatisfy({ $0.isNormal && $0 > 0 })
      else { continue }
      for position in group.producers { graph.scaleRows(of: position, by: found.map { 1 / $0 }) }
      for position in group.consumers { graph.scaleColumns(of: position, by: found) }
    }
  }

  /// What the channels of a class are divided by; nil where nothing is known, or nothing gained.
  private static func factors(
    _ group: ChannelClasses.Class, _ graph: Graph, _ largest: [ValueID: [Float]]
  ) -> [Float]? {
    guard let activations = channels(group, largest) else { return nil }
    var weights = [Float](repeating: 0, count: group.channels)
    for position in group.consumers {
      guard let norms = graph.columnMagnitudes(of: position), norms.count == group.channels else {
        return nil
      }
      for channel in norms.indices { weights[channel] = max(weights[channel], norms[channel]) }
    }
    let raw = zip(activations, weights).map { activation, weight -> Double in
      guard activation > 0, weight > 0, activation.isFinite, weight.isFinite else { return 0 }
      return pow(Double(activation), strength) / pow(Double(weight), 1 - strength)
    }
    let known = raw.filter { $0 > 0 }
    guard known.count > 1 else { return nil }
    // Their geometric mean is one: the scale of the whole does not matter.
    let middle = exp(known.reduce(0) { $0 + log($1) } / Double(known.count))
    return raw.map { factor in
      guard factor > 0 else { return 1 }
      let relative = min(max(factor / middle, limits.lowerBound), limits.upperBound)
      return Float(relative)
    }
  }
}

extension Graph {
  /// Multiplies row `r` of a layer's weights, and its bias, by `factors[r]`.
  fileprivate mutating func scaleRows(of position: Int, by factors: [Float]) {
    let node = nodes[position]
    guard let weights = node.inputs[1], let tensor = self[weights].constant else { return }
    nodes[position].inputs[1] = own(weights, tensor.scaledRows { factors[$0] }, "equalized")
    if node.inputs.count > 2, let bias = node.inputs[2], let elements = floats(bias),
      elements.count == factors.count
    {
      let scaled = zip(elements, factors).map { $0 * $1 }
      nodes[position].inputs[2] = own(
        bias, Tensor(scaled, shape: self[bias].shape ?? []), "equalized")
    }
  }

  /// Multiplies what a layer's weights do with input channel `c` by `factors[c]`.
  fileprivate mutating func scaleColumns(of position: Int, by factors: [Float]) {
    guard let weights = nodes[position].inputs[1], let tensor = self[weights].constant else {
      return
    }
    var elements = tensor.floats()
    forEachColumn(position, tensor.shape) { index, channel in elements[index] *= factors[channel] }
    nodes[position].inputs[1] = own(
      weights, Tensor(elements, shape: tensor.shape), "equalized")
  }

  /// The largest magnitude of the weights on each input channel.
  fileprivate func columnMagnitudes(of position: Int) -> [Float]? {
    guard let weights = nodes[position].inputs[1], let tensor = self[weights].constant,
      let input = nodes[position].inputs[0], let shape = self[input].shape, shape.rank >= 2
    else { return nil }
    var found = [Float](repeating: 0, count: shape[1])
    let elements = tensor.floats()
    // Beside the largest of its row: rows have scales of their own.
    let columns = elements.count / max(1, tensor.shape[0])
    let rows = (0..<tensor.shape[0]).map { row in
      elements[(row * columns)..<((row + 1) * columns)].reduce(0) { max($0, abs($1)) }
    }
    forEachColumn(position, tensor.shape) { index, channel in
      let largest = rows[index / columns]
      if largest > 0 { found[channel] = max(found[channel], abs(elements[index]) / largest) }
    }
    return found
  }

  /// Calls `body` with each weight's index and the input channel that it is for.
  private func forEachColumn(_ position: Int, _ shape: Shape, _ body: (Int, Int) -> Void) {
    let taps = shape.dimensions[2...].reduce(1, *)
    var groups = 1
    if case .int(let stated)? = nodes[position].attributes["group"] { groups = Int(stated) }
    let rowsOfGroup = max(1, shape[0] / max(1, groups))
    for row in 0..<shape[0] {
      let first = row / rowsOfGroup * shape[1]
      for column in 0..<shape[1] {
        let start = (row * shape[1] + column) * taps
        for tap in 0..<taps { body(start + tap, first + column) }
      }
    }
  }
}
