/// Weights that are to go fade to zero in even steps, in which the others take over (HESSO: Chen et al.,
/// 2024).
///
/// After step `t` of a period of `T` the weights are multiplied with `(T − t − 1) / (T − t)`: where nothing
/// else moved them, they lose a T-th of what they were in each step, and are exactly zero after the last.
public struct LinearFade: Sendable, Hashable {
  /// Steps of a period.
  public let steps: Int

  /// A fade within a number of steps, at least one.
  public init(steps: Int) { self.steps = max(1, steps) }

  /// What weights are multiplied with after a step of the period, from 0; 0 behind its end.
  public func factor(after step: Int) -> Float {
    step >= steps - 1 ? 0 : Float(steps - step - 1) / Float(steps - step)
  }

  /// Fades the weights that `mask`, which is of as many, is about to leave out.
  public func apply(
    to weights: UnsafeMutableBufferPointer<Float>, leaving mask: WeightMask, after step: Int
  ) {
    precondition(weights.count == mask.count, "the mask is another parameter's")
    let factor = factor(after: step)
    for i in weights.indices where !mask[i] { weights[i] = factor == 0 ? 0 : weights[i] * factor }
  }
}
