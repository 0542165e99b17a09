import CKernels

/// The product of two quantized tensors as a quantized tensor, exact.
///
/// `y = clamp(zy + (((a - za) * (b - zb) * M + 2^(S-1)) >> S))` in 64 bits, where M and S are the
/// `Requantization` of sa * sb / sy.
public struct MulU8: Sendable {
  let parameters: pare_mul_u8_parameters

  /// The product of inputs with scale and zero point `a` and `b`, in those of `output`, clamped.
  public init(
    a: (scale: Float, zeroPoint: UInt8), b: (scale: Float, zeroPoint: UInt8),
    output: (scale: Float, zeroPoint: UInt8), clampMin: UInt8 = 0, clampMax: UInt8 = 255
  ) {
    let factor = Requantization.ofScales(input: a.scale, weight: b.scale, output: output.scale)
    parameters = pare_mul_u8_parameters(
      a_zero: Int32(a.zeroPoint), b_zero: Int32(b.zeroPoint), multiplier: factor.multiplier,
      shift: factor.shift, zero: Int32(output.zeroPoint), min: Int32(clampMin), max: Int32(clampMax)
    )
  }
}

extension VectorKernels {
  /// Computes y[i] = a[i] * b[i] for `count` elements.
  public func apply(
    _ product: MulU8, _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>,
    to y: UnsafeMutablePointer<UInt8>, count: Int
  ) {
    withUnsafePointer(to: product.parameters) { multiply.function(count, a, b, 1, y, $0) }
  }

  /// Computes y[r][c] = a[r][c] * b[c]: one row broadcast over `rows` pixels.
  public func apply(
    _ product: MulU8, _ a: UnsafePointer<UInt8>, row b: UnsafePointer<UInt8>,
    to y: UnsafeMutablePointer<UInt8>, rows: Int, channels: Int
  ) {
    withUnsafePointer(to: product.parameters) {
      for row in 0..<rows {
        multiply.function(channels, a + row * channels, b, 1, y + row * channels, $0)
      }
    }
  }

  /// Computes y[i] = a[i] * b for `count` elements.
  public func apply(
    _ product: MulU8, _ a: UnsafePointer<UInt8>, scalar b: UInt8,
    to y: UnsafeMutablePointer<UInt8>, count: Int
  ) {
    withUnsafePointer(to: product.parameters) { parameters in
      withUnsafePointer(to: b) { multiply.function(count, a, $0, 0, y, parameters) }
    }
  }
}
