import Foundation
import ModelFormat

/// The mean of each channel of activations, as BatchNormalization promises it: needs no data.
///
/// A normalized channel has the mean `bias` and the deviation `|scale|` over the training data. Behind an
/// activation the mean is that of the function over a normal distribution; additions add means and variances.
/// (Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019, appendix C.)
struct NormalizedMeans {
  /// The means by the name of the value.
  let means: [String: [Float]]

  /// A channel's distribution, taken for a normal one.
  private struct Distribution {
    var mean: Double
    var variance: Double
  }

  /// What the normalization nodes of `graph` say, which must not be folded yet.
  init(_ graph: Graph) {
    var known: [ValueID: [Distribution]] = [:]
    for node in graph.nodes {
      guard let output = node.outputs.first ?? nil else { continue }
      known[output] = Self.distributions(node, graph, known)
    }
    var means: [String: [Float]] = [:]
    for (id, channels) in known { means[graph[id].name] = channels.map { Float($0.mean) } }
    self.means = means
  }

  /// The means of what the layers of `graph` read, a later form of the network with the same names.
  func means(of graph: Graph) -> [ValueID: [Float]] {
    var found: [ValueID: [Float]] = [:]
    for layer in graph.weightedNodes(.none) {
      guard let input = graph.nodes[layer.position].inputs[0] else { continue }
      found[input] = means[graph[input].name]
    }
    return found
  }

  private static func distributions(
    _ node: Node, _ graph: Graph, _ known: [ValueID: [Distribution]]
  ) -> [Distribution]? {
    let input = (node.inputs.first ?? nil).flatMap { known[$0] }
    switch node.op {
    case "BatchNormalization":
      guard node.inputs.count >= 3, let scale = graph.floats(node.inputs[1]),
        let bias = graph.floats(node.inputs[2]), scale.count == bias.count
      else { return nil }
      return zip(scale, bias).map {
        Distribution(mean: Double($1), variance: Double($0) * Double($0))
      }
    case "Add":
      guard node.inputs.count == 2, let a = input, let b = node.inputs[1].flatMap({ known[$0] }),
        a.count == b.count
      else { return nil }
      return zip(a, b).map {
        Distribution(mean: $0.mean + $1.mean, variance: $0.variance + $1.variance)
      }
    case "AveragePool", "GlobalAveragePool", "Identity", "Dropout":
      return input
    case "Flatten", "Reshape", "Squeeze":
      // Of one pixel: rows of channels.
      guard let input, let shape = (node.outputs[0]).flatMap({ graph[$0].shape }), shape.rank == 2,
        shape[1] == input.count
      else { return nil }
      return input
    default:
      guard let input, let function = function(node, graph) else { return nil }
      return input.map { expectation(of: function, over: $0) }
    }
  }

  /// The function that an elementwise node computes, where it is one that follows normalization.
  private static func function(_ node: Node, _ graph: Graph) -> ((Double) -> Double)? {
    func bound(_ position: Int, _ otherwise: Double) -> Double? {
      guard node.inputs.count > position, let id = node.inputs[position] else { return otherwise }
      return graph.floats(id)?.first.map { Double($0) }
    }
    switch node.op {
    case "Relu": return { max(0, $0) }
    case "Clip":
      guard let low = bound(1, -.infinity), let high = bound(2, .infinity), low <= high else {
        return nil
      }
      return { min(max($0, low), high) }
    case "Sigmoid": return { 1 / (1 + exp(-$0)) }
    case "Swish": return { $0 / (1 + exp(-$0)) }
    case "HardSwish": return { $0 * min(max($0 / 6 + 0.5, 0), 1) }
    default: return nil
    }
  }

  /// Mean and variance of `function` over a normal distribution, by sums over 8 deviations.
  private static func expectation(
    of function: (Double) -> Double, over channel: Distribution
  ) -> Distribution {
    let deviation = channel.variance.squareRoot()
    guard deviation > 0, deviation.isFinite else {
      return Distribution(mean: function(channel.mean), variance: 0)
    }
    var (weights, first, second) = (0.0, 0.0, 0.0)
    for step in -64...64 {
      let z = Double(step) / 16
      let weight = exp(-z * z / 2)
      let value = function(channel.mean + z * deviation)
      weights += weight
      first += weight * value
      second += weight * value * value
    }
    let mean = first / weights
    return Distribution(mean: mean, variance: max(0, second / weights - mean * mean))
  }
}
