import Foundation
import ModelFormat

/// Activations that eight bits serve far worse than the others of the network.
///
/// A few elements far out make all others share a few steps: an attention sink, a dead channel, samples that
/// were prepared wrongly.
struct OddRanges {
  /// One such activation.
  struct Layer {
    /// The node that makes it, or the value where none does.
    let name: String
    /// The range of all elements, and that of all but a thousandth of them.
    let full: ClosedRange<Float>
    let usual: ClosedRange<Float>
    /// Signal beside the noise of eight bits, in decibels.
    let signalToNoise: Double
  }

  /// The worst first.
  let layers: [Layer]

  /// Below this a layer's noise shows in the outputs; eight bits give 35 to 45 decibels as a rule.
  private static let low = 20.0
  /// Unlike the others: so many decibels below their median.
  private static let below = 12.0

  init(_ calibration: Calibration, _ ranges: [ClosedRange<Float>?], _ graph: Graph) {
    var found: [Layer] = []
    let producers = GraphIndex(graph).producer
    for (position, observer) in calibration.observers.enumerated() {
      guard let observer, let range = ranges[position], observer.least < observer.greatest else {
        continue
      }
      let usual = observer.percentile(0.999)
      found.append(
        Layer(
          name: producers[position].map { graph.nodes[$0].name } ?? graph.values[position].name,
          full: observer.least...observer.greatest, usual: usual,
          signalToNoise: SquaredErrorRange(observer).signalToNoise(range, usual: usual)))
    }
    found.sort { $0.signalToNoise < $1.signalToNoise }
    let median = found.isEmpty ? 0 : found[found.count / 2].signalToNoise
    layers = found.filter {
      $0.signalToNoise < Self.low && $0.signalToNoise < median - Self.below
    }
  }

  /// What the user should know; nil where no range is odd.
  var warning: String? {
    guard let first = layers.first else { return nil }
    let names = layers.prefix(5).map { layer in
      "'\(layer.name)' (\(layer.full.text), all but 0.1 % within \(layer.usual.text))"
    }
    let rest = layers.count > 5 ? " and \(layers.count - 5) more" : ""
    return "\(layers.count) activations have ranges unlike the others': "
      + names.joined(separator: ", ") + rest
      + "; eight bits are coarse there (\(first.signalToNoise.tenths) dB): check how samples are "
      + "prepared, or keep these layers in float with --exclude"
  }
}

extension ClosedRange<Float> {
  fileprivate var text: String {
    String(format: "%.3g to %.3g", lowerBound, upperBound)
  }
}
