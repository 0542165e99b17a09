import Kernels

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

  /// Writes what `count` elements of `x` become to `rounded`, which may be the same memory.
  public func apply(
    _ count: Int, _ x: UnsafePointer<Float>, to rounded: UnsafeMutablePointer<Float>
  ) {
    let kernels = VectorKernels.best
    // Pieces whose bytes stay in the cache.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4096 + 64) { bytes in
      guard let bytes = bytes.baseAddress else { return }
      for first in stride(from: 0, to: count, by: 4096) {
        let count = min(4096, count - first)
        kernels.quantize(x + first, to: bytes, count: count, scale: scale, zeroPoint: zeroPoint)
        kernels.dequantize(
          bytes, to: rounded + first, count: count, scale: scale, zeroPoint: zeroPoint)
      }
    }
  }

  /// Writes gradients of `count` elements of `x`: those of what it becomes, and zero where it was held within
  /// the range (straight-through estimate; Bengio, Léonard and Courville, 2013).
  public func gradient(
    _ count: Int, _ x: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
    to result: UnsafeMutablePointer<Float>
  ) {
    let (least, most) = (-Float(zeroPoint), 255 - Float(zeroPoint))
    for i in 0..<count {
      // Held to the levels next to the range, so that it can be rounded.
      let level = HalfEven.rounded(min(max(x[i] / scale, least - 1), most + 1))
      result[i] = level >= least && level <= most ? gradient[i] : 0
    }
  }
}
