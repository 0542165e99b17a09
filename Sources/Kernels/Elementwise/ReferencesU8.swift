package import CKernels

package typealias AddFunctionU8 =
  @convention(c) (
    Int, Int, UnsafePointer<UInt8>?, UnsafePointer<UInt8>?, Int, Int, UnsafeMutablePointer<UInt8>?,
    UnsafePointer<pare_add_u8_parameters>?
  ) -> Void
package typealias MultiplyFunctionU8 =
  @convention(c) (
    Int, Int, UnsafePointer<UInt8>?, UnsafePointer<UInt8>?, Int, Int, UnsafeMutablePointer<UInt8>?,
    UnsafePointer<pare_mul_u8_parameters>?
  ) -> Void
package typealias LookupFunctionU8 =
  @convention(c) (
    Int, UnsafePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, UnsafePointer<UInt8>?
  ) -> Void
package typealias QuantizeFunctionU8 =
  @convention(c) (Int, UnsafePointer<Float>?, UnsafeMutablePointer<UInt8>?, Float, Int32) -> Void
package typealias DequantizeFunctionU8 =
  @convention(c) (Int, UnsafePointer<UInt8>?, UnsafeMutablePointer<Float>?, Float, Int32) -> Void

/// The portable form of `add_u8`, same bits as the others.
package let addReferenceU8 = Kernel<AddFunctionU8>(
  name: StaticName("pare_add_u8_1__portable"), rows: 1, columns: 1, isa: .portable
) { rows, count, a, b, row, step, y, parameters in
  guard let a, let b, let y, let parameters = parameters?.pointee else { return }
  let sum = AddU8(parameters)
  for r in 0..<rows {
    for i in 0..<count { y[r * count + i] = sum(a[r * count + i], b[r * row + i * step]) }
  }
}

/// The portable form of `mul_u8`, same bits as the others.
package let multiplyReferenceU8 = Kernel<MultiplyFunctionU8>(
  name: StaticName("pare_mul_u8_1__portable"), rows: 1, columns: 1, isa: .portable
) { rows, count, a, b, row, step, y, parameters in
  guard let a, let b, let y, let parameters = parameters?.pointee else { return }
  let product = MulU8(parameters)
  for r in 0..<rows {
    for i in 0..<count { y[r * count + i] = product(a[r * count + i], b[r * row + i * step]) }
  }
}

/// The portable form of `lookup_u8`.
package let lookupReferenceU8 = Kernel<LookupFunctionU8>(
  name: StaticName("pare_lookup_u8_1__portable"), rows: 1, columns: 1, isa: .portable
) { count, x, y, table in
  guard let x, let y, let table else { return }
  for i in 0..<count { y[i] = table[Int(x[i])] }
}

/// The portable form of `quantize_u8`, same bits as the others.
package let quantizeReferenceU8 = Kernel<QuantizeFunctionU8>(
  name: StaticName("pare_quantize_u8_1__portable"), rows: 1, columns: 1, isa: .portable
) { count, x, y, scale, zero in
  guard let x, let y else { return }
  let rounding = ByteRounding(zero: zero, least: 0, most: 255)
  for i in 0..<count { y[i] = rounding(x[i] / scale) }
}

/// The portable form of `dequantize_u8`, same bits as the others.
package let dequantizeReferenceU8 = Kernel<DequantizeFunctionU8>(
  name: StaticName("pare_dequantize_u8_1__portable"), rows: 1, columns: 1, isa: .portable
) { count, x, y, scale, zero in
  guard let x, let y else { return }
  for i in 0..<count { y[i] = Float(Int32(x[i]) - zero) * scale }
}
