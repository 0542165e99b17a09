package import CKernels

package typealias AddFunctionU8 =
  @convention(c) (
    Int, UnsafePointer<UInt8>?, UnsafePointer<UInt8>?, UnsafeMutablePointer<UInt8>?,
    UnsafePointer<pare_add_u8_parameters>?
  ) -> Void
package typealias MultiplyFunctionU8 =
  @convention(c) (
    Int, UnsafePointer<UInt8>?, UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?,
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
) { count, a, b, y, parameters in
  guard let a, let b, let y, let p = parameters?.pointee else { return }
  for i in 0..<count {
    let first = (Int32(a[i]) - p.a_zero) &* p.a_multiplier
    let second = (Int32(b[i]) - p.b_zero) &* p.b_multiplier
    let sum = (first &+ second &+ 1 << (p.shift - 1)) >> p.shift
    y[i] = UInt8(truncatingIfNeeded: min(max(sum, p.min - p.zero), p.max - p.zero) + p.zero)
  }
}

/// The portable form of `mul_u8`, same bits as the others.
package let multiplyReferenceU8 = Kernel<MultiplyFunctionU8>(
  name: StaticName("pare_mul_u8_1__portable"), rows: 1, columns: 1, isa: .portable
) { count, a, b, step, y, parameters in
  guard let a, let b, let y, let p = parameters?.pointee else { return }
  for i in 0..<count {
    let product = (Int32(a[i]) - p.a_zero) * (Int32(b[i * step]) - p.b_zero)
    let scaled = Int64(product) * Int64(p.multiplier) + 1 << (Int64(p.shift) - 1)
    let held = min(max(scaled >> Int64(p.shift), Int64(p.min - p.zero)), Int64(p.max - p.zero))
    y[i] = UInt8(truncatingIfNeeded: held + Int64(p.zero))
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
  let least = Float(-zero)
  let most = Float(255 - zero)
  for i in 0..<count {
    let value = x[i] / scale
    // What is not a number becomes the least.
    let held = clamped(value > least ? value : least, least, most)
    let whole = Int32(bitPattern: (held + Polynomial.rounding).bitPattern) - 0x4B40_0000
    y[i] = UInt8(truncatingIfNeeded: whole + zero)
  }
}

/// The portable form of `dequantize_u8`, same bits as the others.
package let dequantizeReferenceU8 = Kernel<DequantizeFunctionU8>(
  name: StaticName("pare_dequantize_u8_1__portable"), rows: 1, columns: 1, isa: .portable
) { count, x, y, scale, zero in
  guard let x, let y else { return }
  for i in 0..<count { y[i] = Float(Int32(x[i]) - zero) * scale }
}
