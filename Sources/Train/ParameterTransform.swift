public import Kernels
public import ModelFormat

/// What a parameter passes through before each forward pass: a mask, fake quantization, or both.
///
/// Gradients are those of what comes out (straight through), then changed by `changeGradient`. It may be
/// called several times on one gradient, once for each micro-batch: a second call must change nothing.
public struct ParameterTransform: Sendable {
  /// Computes what the network uses from the parameter; both are row-major, of the parameter's shape.
  public let apply:
    @Sendable (
      _ from: UnsafeBufferPointer<Float>, _ to: UnsafeMutableBufferPointer<Float>, _ shape: Shape,
      _ pool: ThreadPool
    ) -> Void
  /// Changes the gradient, once the parameter's values are known; nil for a gradient straight through.
  public var changeGradient:
    (
      @Sendable (
        _ parameter: UnsafeBufferPointer<Float>, _ gradient: UnsafeMutableBufferPointer<Float>,
        _ shape: Shape, _ pool: ThreadPool
      ) -> Void
    )?

  /// A transform of the given functions.
  public init(
    apply:
      @escaping @Sendable (
        UnsafeBufferPointer<Float>, UnsafeMutableBufferPointer<Float>, Shape, ThreadPool
      ) -> Void,
    changeGradient:
      (
        @Sendable (
          UnsafeBufferPointer<Float>, UnsafeMutableBufferPointer<Float>, Shape, ThreadPool
        ) -> Void
      )? = nil
  ) {
    self.apply = apply
    self.changeGradient = changeGradient
  }

  /// First this, then `next`: zeros first, then rounding.
  ///
  /// `next` sees what comes out of this, in its forward pass and as the parameter of its gradient. The
  /// memory between the two is the result's: `next` works in place.
  public func then(_ next: ParameterTransform) -> ParameterTransform {
    let (first, second) = (self, next)
    var result = ParameterTransform(apply: { from, to, shape, pool in
      first.apply(from, to, shape, pool)
      second.apply(UnsafeBufferPointer(to), to, shape, pool)
    })
    if first.changeGradient != nil || second.changeGradient != nil {
      result.changeGradient = { parameter, gradient, shape, pool in
        second.changeGradient?(parameter, gradient, shape, pool)
        first.changeGradient?(parameter, gradient, shape, pool)
      }
    }
    return result
  }
}

/// What an activation passes through behind the node that makes it: fake quantization.
///
/// Ranges are those of elements in memory order; each element is computed by itself.
public struct ActivationTransform: Sendable {
  /// Computes `count` elements of y from x, which may be the same memory.
  public let apply:
    @Sendable (
      _ count: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
    ) -> Void
  /// Computes `count` elements of the gradient of x from x and the gradient of y, which may be the same
  /// memory.
  public let gradient:
    @Sendable (
      _ count: Int, _ x: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
      _ result: UnsafeMutablePointer<Float>
    ) -> Void

  /// A transform of the given functions.
  public init(
    apply: @escaping @Sendable (Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void,
    gradient:
      @escaping @Sendable (
        Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>
      ) -> Void
  ) {
    self.apply = apply
    self.gradient = gradient
  }
}
