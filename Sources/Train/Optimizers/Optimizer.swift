public import Kernels

/// Moves parameters against their gradients, and keeps what its rule remembers of earlier ones.
///
/// Each weight is computed by itself in float32, so that the number of threads changes nothing.
public final class Optimizer {
  /// How gradients move parameters.
  public let rule: OptimizerRule
  /// Weights of each parameter.
  public let counts: [Int]
  /// Steps taken.
  public internal(set) var steps = 0
  /// For each parameter: the first moments of its weights, then the second.
  var moments: [[Float]]

  /// An optimizer for parameters of so many weights each.
  public init(_ rule: OptimizerRule, counts: [Int]) {
    self.rule = rule
    self.counts = counts
    moments = counts.map { [Float](repeating: 0, count: $0 * rule.moments) }
  }

  /// Takes one step at a learning rate; gradients are multiplied with `scale` first (`GradientNorm`).
  ///
  /// Where there is a mask, weights that it leaves out become zero, and what is remembered of them too.
  /// `parameters` and `masks` are those of `counts`, in their order; nil masks keep all.
  public func step(
    _ parameters: [TrainedParameter], masks: [WeightMask?] = [], rate: Double, scale: Float = 1,
    pool: ThreadPool
  ) {
    precondition(
      parameters.map({ $0.values.count }) == counts
        && parameters.map({ $0.gradient.count }) == counts,
      "parameters are not those that the optimizer was made for")
    steps += 1
    for (index, parameter) in parameters.enumerated() {
      guard let w = parameter.values.baseAddress, let g = parameter.gradient.baseAddress else {
        continue
      }
      let count = counts[index]
      moments[index].withUnsafeMutableBufferPointer { moments in
        switch rule {
        case .sgd(let momentum, let isNesterov, let decay):
          let step = MomentumStep(
            momentum: momentum, isNesterov: isNesterov, decay: parameter.decays ? decay : 0,
            rate: Float(rate), scale: scale, isFirst: steps == 1)
          let b = moments.baseAddress
          pool.pieces(of: count) { step(w, g, momentum == 0 ? nil : b, $0) }
        case .adamW(let beta1, let beta2, let epsilon, let decay):
          guard let m = moments.baseAddress else { return }
          let step = AdamStep(
            beta1: beta1, beta2: beta2, epsilon: epsilon, decay: parameter.decays ? decay : 0,
            rate: rate, scale: scale, steps: steps)
          pool.pieces(of: count) { step(w, g, m, m + count, $0) }
        }
        guard masks.indices.contains(index), let mask = masks[index] else { return }
        mask.apply(to: parameter.values)
        for first in stride(from: 0, to: moments.count, by: max(1, count)) {
          mask.apply(to: UnsafeMutableBufferPointer(rebasing: moments[first..<first + count]))
        }
      }
    }
  }
}
