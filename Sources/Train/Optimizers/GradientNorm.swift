public import Kernels

/// The Euclidean norm of all gradients together.
public struct GradientNorm: Sendable, Hashable {
  /// The norm; infinite or not a number where a gradient is.
  public let value: Double

  /// The norm of the gradients of `parameters`.
  public init(_ parameters: [TrainedParameter], pool: ThreadPool) {
    var sum = 0.0
    for parameter in parameters {
      guard let g = parameter.gradient.baseAddress else { continue }
      sum += pool.sum(over: parameter.gradient.count) {
        SquareSums.squares(g + $0.lowerBound, $0.count)
      }
    }
    value = sum.squareRoot()
  }

  /// Whether every gradient is a finite number; a step is to be left out where it is not.
  public var isFinite: Bool { value.isFinite }

  /// What gradients are to be multiplied with, so that their norm is at most `limit`: 1 where it is.
  ///
  /// Pascanu, Mikolov and Bengio, 2013; as PyTorch's `clip_grad_norm_`.
  public func scale(limit: Double) -> Float { Float(min(1, limit / (value + 1e-6))) }
}
