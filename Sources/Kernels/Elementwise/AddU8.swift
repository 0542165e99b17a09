import CKernels

/// The sum or the difference of two quantized tensors as a quantized tensor.
///
/// `y = clamp(zy + round((a - za) * fa + (b - zb) * fb))` in float32, as `ByteRounding` says, with
/// `fa = sa / sy` and `fb = sb / sy`, which is negative for a difference.
public struct AddU8: Sendable {
  let parameters: pare_add_u8_parameters
  private let rounding: ByteRounding

  /// The sum of inputs with scale and zero point `a` and `b`, in those of `output`, clamped; the
  /// difference where `isDifference` holds.
  public init(
    a: (scale: Float, zeroPoint: UInt8), b: (scale: Float, zeroPoint: UInt8),
    output: (scale: Float, zeroPoint: UInt8), isDifference: Bool = false, clampMin: UInt8 = 0,
    clampMax: UInt8 = 255
  ) {
    let second = Rescaling.factor(Double(b.scale), over: Double(output.scale))
    parameters = pare_add_u8_parameters(
      a_zero: Int32(a.zeroPoint), b_zero: Int32(b.zeroPoint),
      a_factor: Rescaling.factor(Double(a.scale), over: Double(output.scale)),
      b_factor: isDifference ? -second : second, zero: Int32(output.zeroPoint),
      min: Int32(clampMin), max: Int32(clampMax))
    rounding = ByteRounding(zero: output.zeroPoint, least: clampMin, most: clampMax)
  }

  init(_ parameters: pare_add_u8_parameters) {
    self.parameters = parameters
    rounding = ByteRounding(zero: parameters.zero, least: parameters.min, most: parameters.max)
  }

  /// The same sum with the operands in the other order.
  public var swapped: AddU8 {
    var swapped = parameters
    (swapped.a_zero, swapped.b_zero) = (parameters.b_zero, parameters.a_zero)
    (swapped.a_factor, swapped.b_factor) = (parameters.b_factor, parameters.a_factor)
    return AddU8(swapped)
  }

  /// The result for two stored numbers.
  @inline(__always) public func callAsFunction(_ a: UInt8, _ b: UInt8) -> UInt8 {
    let first = Float(Int32(a) &- parameters.a_zero) * parameters.a_factor
    let second = Float(Int32(b) &- parameters.b_zero) * parameters.b_factor
    return rounding(first + second)
  }
}

extension VectorKernels {
  /// Computes y[r][i] = a[r][i] + b[r][i].
  ///
  /// Rows of `a` and `y` are `count` elements that lie behind each other. Those of `b` are `bRow`
  /// elements apart, 0 where all are one, and elements of a row `bStep`: 1, or 0 for one scalar.
  public func apply(
    _ sum: AddU8, _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>,
    to y: UnsafeMutablePointer<UInt8>, rows: Int = 1, count: Int, bRow: Int = 0, bStep: Int = 1
  ) {
    withUnsafePointer(to: sum.parameters) {
      add.function(rows, count, a, b, bRow, bStep, y, $0)
    }
  }
}
