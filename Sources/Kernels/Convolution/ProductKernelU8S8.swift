package import CKernels

/// The function of an integer matrix-product kernel; see `pare_igemm_u8s8` in kernels.h.
package typealias ProductFunctionU8S8 =
  @convention(c) (
    Int, Int, Int, Int, UnsafePointer<UnsafePointer<UInt8>?>?, UnsafePointer<Int8>?, Int,
    UnsafePointer<Int32>?, UnsafeMutableRawPointer?, Int, UnsafePointer<pare_qoutput>?
  ) -> Void

/// The portable integer matrix product: what the kernels of `igemm_u8s8` compute, bit for bit.
package let productReferenceU8S8 = Kernel<ProductFunctionU8S8>(
  name: StaticName("pare_igemm_u8s8_4x16__portable"), rows: 4, columns: 16, isa: .portable
) { m, n, taps, quads, a, b, stride, q, c, ldc, output in
  guard let a, let b, let q, let c, let output = output?.pointee else { return }
  for first in Swift.stride(from: 0, to: n, by: 16) {
    let constants = q + first * 3
    for i in 0..<m {
      var sums = UnsafeRawPointer(constants).loadUnaligned(as: SIMD16<Int32>.self)
      var weights = UnsafeRawPointer(b + first / 16 * stride)
      for tap in 0..<taps {
        guard let row = a[tap * m + i] else { continue }
        for quad in 0..<quads {
          // Four weights of each column in one word, the first in the low byte.
          let words = weights.loadUnaligned(as: SIMD16<Int32>.self)
          let x = row + 4 * quad
          sums &+= (words &<< 24) &>> 24 &* Int32(x[0])
          sums &+= (words &<< 16) &>> 24 &* Int32(x[1])
          sums &+= (words &<< 8) &>> 24 &* Int32(x[2])
          sums &+= words &>> 24 &* Int32(x[3])
          weights += 64
        }
      }
      for j in 0..<min(16, n - first) {
        storeSum(sums[j], constants, j, to: c, at: i * ldc + first + j, output)
      }
    }
  }
}

/// Stores one sum as an output: uint8 as `Rescaling` says, or a float by a product and an addition.
@inline(__always) func storeSum(
  _ sum: Int32, _ constants: UnsafePointer<Int32>, _ lane: Int, to c: UnsafeMutableRawPointer,
  at index: Int, _ output: pare_qoutput
) {
  let product = Float(sum) * Float(bitPattern: UInt32(bitPattern: constants[16 + lane]))
  guard output.kind != 1 else {
    let value = product + Float(bitPattern: UInt32(bitPattern: constants[32 + lane]))
    c.storeBytes(
      of: clamped(value, output.float_min, output.float_max), toByteOffset: index * 4,
      as: Float.self)
    return
  }
  var value = product
  if let residual = output.residual, let start = output.start {
    let centred = Int32(residual[UnsafeRawPointer(c) + index - start]) &- output.residual_zero
    value += Float(centred) * output.residual_factor
  }
  c.storeBytes(
    of: Rescaling.stored(value, zero: output.zero, least: output.min, most: output.max),
    toByteOffset: index, as: UInt8.self)
}
