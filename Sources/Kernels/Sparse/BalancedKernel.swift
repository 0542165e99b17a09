package import CKernels

/// See `pare_bsgemm_u8s8` in kernels.h.
package typealias BalancedFunctionU8S8 =
  @convention(c) (
    Int, Int, Int, Int, Int, UnsafePointer<UnsafePointer<UInt8>?>?, UnsafePointer<UInt8>?,
    UnsafePointer<Int8>?, UnsafePointer<Int32>?, UnsafeMutableRawPointer?, Int,
    UnsafePointer<pare_qoutput>?
  ) -> Void

/// The portable balanced product: what the kernels of `bsgemm_u8s8` compute, bit for bit.
package let balancedReferenceU8S8 = Kernel<BalancedFunctionU8S8>(
  name: StaticName("pare_bsgemm_u8s8_4x16__portable"), rows: 4, columns: 16, isa: .portable
) { m, n, taps, segments, segmentBytes, a, counts, b, q, c, ldc, output in
  guard let a, let counts, let b, let q, let c, let output = output?.pointee else { return }
  for i in 0..<m {
    var (at, counts, q) = (UnsafeRawPointer(b), counts, q)
    for first in Swift.stride(from: 0, to: n, by: 16) {
      var sums = UnsafeRawPointer(q).loadUnaligned(as: SIMD16<Int32>.self)
      for tap in 0..<taps {
        guard let row = a[tap * m + i] else { continue }
        for segment in 0..<segments {
          let x = row + segment * segmentBytes
          var choice = SIMD16<UInt32>()
          for step in 0..<Int(counts[tap * segments + segment]) {
            if step % 8 == 0 {
              choice = at.loadUnaligned(as: SIMD16<UInt32>.self)
              at += 64
            }
            let words = at.loadUnaligned(as: SIMD16<Int32>.self)
            at += 64
            for output in 0..<16 {
              let quad = x + 4 * Int(choice[output] & 15)
              let word = words[output]
              var sum = (word &<< 24) &>> 24 &* Int32(quad[0])
              sum &+= (word &<< 16) &>> 24 &* Int32(quad[1])
              sum &+= (word &<< 8) &>> 24 &* Int32(quad[2])
              sums[output] &+= sum &+ word &>> 24 &* Int32(quad[3])
            }
            choice &>>= 4
          }
        }
      }
      for j in 0..<min(16, n - first) {
        storeSum(sums[j], q, j, to: c, at: i * ldc + first + j, output)
      }
      counts += taps * segments
      q += 48
    }
  }
}
