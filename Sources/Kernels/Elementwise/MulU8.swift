import CKernels

/// The product of two quantized tensors as a quantized tensor.
///
/// `y = clamp(zy + round(((a - za) * (b - zb)) * f))` with an exact product of integers and one of
/// float32, as `ByteRounding` says; `f = sa * sb / sy`.
public struct MulU8: Sendable {
  let parameters: pare_mul_u8_parameters
  private let rounding: ByteRounding

  /// The product of inputs with scale and zero point `a` and `b`, in those of `output`, clamped.
  public init(
    a: (scale: Float, zeroPoint: UInt8), b: (scale: Float, zeroPoint: UInt8),
    output: (scale: Float, zeroPoint: UInt8), clampMin: UInt8 = 0, clampMax: UInt8 = 255
  ) {
    parameters = pare_mul_u8_parameters(
      a_zero: Int32(a.zeroPoint), b_zero: Int32(b.zeroPoint),
      factor: Rescaling.factor(input: a.scale, weight: b.scale, output: output.scale),
      zero: Int32(output.zeroPoint), min: Int32(clampMin), max: Int32(clampMax))
    rounding = ByteRounding(zero: output.zeroPoint, least: clampMin, most: clampMax)
  }

  init(_ parameters: pare_mul_u8_parameters) {
    self.parameters = parameters
    rounding = ByteRounding(zero: parameters.zero, least: parameters.min, most: parameters.max)
  }

  /// The same product with the operands in the other order.
  public var swapped: MulU8 {
    var swapped = parameters
    (swapped.a_zero, swapped.b_zero) = (parameters.b_zero, parameters.a_zero)
    return MulU8(swapped)
  }

  /// The result for two stored numbers.
  @inline(__always) public func callAsFunction(_ a: UInt8, _ b: UInt8) -> UInt8 {
    let product = (Int32(a) &- parameters.a_zero) &* (Int32(b) &- parameters.b_zero)
    return rounding(Float(product) * parameters.factor)
  }
}

extension VectorKernels {
  /// Computes y[r][i] = a[r][i] * b[r][i], with rows as those of sums.
  public func apply(
    _ product: MulU8, _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>,
    to y: UnsafeMutablePointer<UInt8>, rows: Int = 1, count: Int, bRow: Int = 0, bStep: Int = 1
  ) {
    withUnsafePointer(to: product.parameters) {
      multiply.function(rows, count, a, b, bRow, bStep, y, $0)
    }
  }
}
