/// A function of one quantized value, as a table of 256 outputs.
public struct LookupU8: Sendable {
  /// The output for each input value.
  public let table: [UInt8]

  /// The table of `function`, called once for each value.
  public init(_ function: (UInt8) -> UInt8) { table = (0...255).map { function(UInt8($0)) } }
}

extension VectorKernels {
  /// Computes y[i] = table[x[i]] for `count` elements.
  public func apply(
    _ lookup: LookupU8, _ x: UnsafePointer<UInt8>, to y: UnsafeMutablePointer<UInt8>, count: Int
  ) {
    lookup.table.withUnsafeBufferPointer { look.function(count, x, y, $0.baseAddress) }
  }

  /// Computes y[i] = saturate(x[i] / scale, rounded half to even, + zeroPoint); what is not a number
  /// becomes 0.
  public func quantize(
    _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<UInt8>, count: Int, scale: Float,
    zeroPoint: UInt8
  ) {
    quantizer.function(count, x, y, scale, Int32(zeroPoint))
  }

  /// Computes y[i] = (x[i] - zeroPoint) * scale for `count` elements.
  ///
  /// `y` must not overlap `x`.
  public func dequantize(
    _ x: UnsafePointer<UInt8>, to y: UnsafeMutablePointer<Float>, count: Int, scale: Float,
    zeroPoint: UInt8
  ) {
    dequantizer.function(count, x, y, scale, Int32(zeroPoint))
  }
}
