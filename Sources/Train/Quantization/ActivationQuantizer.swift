public import Kernels

/// Activations as they will be when they are bytes: `scale · (q − zero)` with `q = clamp(round(x / scale) + zero,
/// 0, 255)`, half to even, as QuantizeLinear and DequantizeLinear compute (docs/Quantization.md).
public struct ActivationQuantizer: Sendable, Hashable {
  /// A step.
  public let scale: Float
  /// The byte that stands for zero.
  public let zeroPoint: UInt8

  /// A quantizer with parameters that stay.
  public init(scale: Float, zeroPoint: UInt8) {
    self.scale = scale
    self.zeroPoint = zeroPoint
  }

  /// The parameters for a range of activations, widened to hold zero.
  public init(_ range: ClosedRange<Float>) {
    let low = min(range.lowerBound, 0)
    let high = max(range.upperBound, 0)
    // A range of nothing still needs a scale.
    scale = max((high - low) / 255, 1e-10)
    let zero = (-low / scale).rounded(.toNearestOrEven)
    zeroPoint = UInt8(min(max(zero, 0), 255))
  }

  /// Writes what `x` becomes to `rounded`, which may be the same memory.
  public func apply(
    _ x: UnsafePointer<Float>, to rounded: UnsafeMutablePointer<Float>, count: Int, pool: ThreadPool
  ) {
    let kernels = VectorKernels.best
    pool.pieces(of: count) { range in
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: range.count + 64) { bytes in
        guard let bytes = bytes.baseAddress else { return }
        kernels.quantize(
          x + range.lowerBound, to: bytes, count: range.count, scale: scale, zeroPoint: zeroPoint)
        kernels.dequantize(
          bytes, to: rounded + range.lowerBound, count: range.count, scale: scale,
          zeroPoint: zeroPoint)
      }
    }
  }

  /// Sets gradients to zero where the activation before rounding, `x`, was held within the range
  /// (straight-through estimate; Bengio, Léonard and Courville, 2013).
  public func maskGradient(
    _ gradient: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, count: Int, pool: ThreadPool
  ) {
    let (least, most) = (-Float(zeroPoint), 255 - Float(zeroPoint))
    pool.pieces(of: count) { range in
      for i in range {
        let level = (x[i] / scale).rounded(.toNearestOrEven)
        gradient[i] = level >= least && level <= most ? gradient[i] : 0
      }
    }
  }
}
