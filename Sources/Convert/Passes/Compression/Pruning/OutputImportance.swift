import Foundation

/// How much errors in each output of a layer count behind its activation.
///
/// Where Relu or its like cuts an output off, what the layer computes does not matter. The part of the time at
/// which an output is within the bounds follows from its mean and variance on the dense network's inputs, as if it
/// were normally distributed. Its root was measured to serve better than the part itself.
struct OutputImportance {
  private let bounds: ClosedRange<Double>
  /// The means of the outputs of the group, and what of them is not in the moments' variances.
  private let means: [Double], extra: [Double]

  /// The part that cut-off outputs have still: errors can bring them back.
  private static let least = 0.05

  /// The importance of the outputs of a group; nil where nothing cuts them off.
  init?(_ problem: LayerProblem, group: Int, _ moments: GroupMoments) {
    guard let passage = problem.passage else { return nil }
    let n = moments.n
    let perGroup = problem.rows / problem.moments.groups
    let products = (group * perGroup..<(group + 1) * perGroup).map { row in
      (0..<n).reduce(0.0) { $0 + problem.weights[row * n + $1] * moments.denseMeans[$1] }
    }
    bounds = passage.bounds
    means = products.indices.map { products[$0] + passage.bias[group * perGroup + $0] }
    // Moments are about zero where no bias takes the means.
    extra = products.map { problem.hasBias ? 0 : $0 * $0 }
  }

  /// What errors in output `row` of the group count, up to 1; `square` is the variance that the moments give it.
  func weight(_ row: Int, square: Double) -> Double {
    let deviation = max(square - extra[row], 0).squareRoot()
    let mean = means[row]
    guard deviation > 0, mean.isFinite else { return Self.least.squareRoot() }
    func below(_ bound: Double) -> Double {
      guard bound.isFinite else { return bound > 0 ? 1 : 0 }
      return 0.5 * erfc((mean - bound) / (deviation * 2.0.squareRoot()))
    }
    return max(Self.least, below(bounds.upperBound) - below(bounds.lowerBound)).squareRoot()
  }
}
