package import CKernels

/// See `pare_lanes_x32` in kernels.h.
package typealias LanesFunction =
  @convention(c) (
    Int, Int, Int, Int, UnsafePointer<UnsafeRawPointer?>?, UnsafeMutableRawPointer?
  ) -> Void

/// See `pare_spmm_u8s8` in kernels.h.
package typealias SparseFunctionU8S8 =
  @convention(c) (
    Int, Int, UnsafePointer<Int32>?, UnsafePointer<UInt16>?, UnsafePointer<UInt16>?,
    UnsafePointer<Int32>?, UnsafeRawPointer?, UnsafeMutablePointer<Int32>?
  ) -> Void

/// See `pare_spmm_f32` in kernels.h.
package typealias SparseFunctionF32 =
  @convention(c) (
    Int, Int, UnsafePointer<Float>?, UnsafePointer<UInt16>?, UnsafePointer<UInt16>?,
    UnsafePointer<Float>?, UnsafeRawPointer?, UnsafeMutablePointer<Float>?
  ) -> Void

/// See `pare_finish_u8s8` in kernels.h.
package typealias FinishFunctionU8S8 =
  @convention(c) (
    Int, Int, UnsafePointer<Int32>?, UnsafePointer<Int32>?, UnsafeMutableRawPointer?, Int,
    UnsafePointer<pare_qoutput>?
  ) -> Void

/// See `pare_finish_f32` in kernels.h.
package typealias FinishFunctionF32 =
  @convention(c) (
    Int, Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int,
    Float, Float
  ) -> Void

/// The portable form of `lanes_x32`.
package let lanesReference = Kernel<LanesFunction>(
  name: StaticName("pare_lanes_x32_1x1__portable"), rows: 1, columns: 1, isa: .portable
) { m, vectors, taps, words, rows, x in
  guard let rows, let x, m > 0 else { return }
  let lanes = 16 * vectors
  for tap in 0..<taps {
    for lane in 0..<lanes {
      guard let row = rows[tap * m + min(lane, m - 1)] else { continue }
      for word in 0..<words {
        x.storeBytes(
          of: row.loadUnaligned(fromByteOffset: 4 * word, as: UInt32.self),
          toByteOffset: 4 * ((tap * words + word) * lanes + lane), as: UInt32.self)
      }
    }
  }
}

/// The portable sparse integer product: what the kernels of `spmm_u8s8` compute, bit for bit.
package let sparseReferenceU8S8 = Kernel<SparseFunctionU8S8>(
  name: StaticName("pare_spmm_u8s8_128x1__portable"), rows: 128, columns: 1, isa: .portable
) { vectors, n, start, counts, indices, w, x, sums in
  guard let counts, var indices, var w, let x, let sums else { return }
  for output in 0..<n {
    let to = UnsafeMutableRawPointer(sums + output * 16 * vectors)
      .assumingMemoryBound(to: SIMD16<Int32>.self)
    if let start {
      for v in 0..<vectors { to[v] = SIMD16(repeating: start[output]) }
    }
    for _ in 0..<counts[output] {
      let pixels = (x + Int(indices.pointee) * 64 * vectors)
        .assumingMemoryBound(to: SIMD16<UInt32>.self)
      let quad = w.pointee
      for v in 0..<vectors {
        let words = SIMD16<Int32>(truncatingIfNeeded: pixels[v])
        var sum = (words & 255) &* ((quad &<< 24) &>> 24)
        sum &+= ((words &>> 8) & 255) &* ((quad &<< 16) &>> 24)
        sum &+= ((words &>> 16) & 255) &* ((quad &<< 8) &>> 24)
        to[v] &+= sum &+ ((words &>> 24) & 255) &* (quad &>> 24)
      }
      indices += 1
      w += 1
    }
  }
}

/// The portable sparse float product: what the kernels of `spmm_f32` compute.
package let sparseReferenceF32 = Kernel<SparseFunctionF32>(
  name: StaticName("pare_spmm_f32_128x1__portable"), rows: 128, columns: 1, isa: .portable
) { vectors, n, start, counts, indices, w, x, sums in
  guard let counts, var indices, var w, let x, let sums else { return }
  for output in 0..<n {
    let to = UnsafeMutableRawPointer(sums + output * 16 * vectors)
      .assumingMemoryBound(to: SIMD16<Float>.self)
    if let start {
      for v in 0..<vectors { to[v] = SIMD16(repeating: start[output]) }
    }
    for _ in 0..<counts[output] {
      let pixels = (x + Int(indices.pointee) * 64 * vectors)
        .assumingMemoryBound(to: SIMD16<Float>.self)
      for v in 0..<vectors { to[v] += pixels[v] * w.pointee }
      indices += 1
      w += 1
    }
  }
}

/// The portable form of `finish_u8s8`, same bits as the others.
package let finishReferenceU8S8 = Kernel<FinishFunctionU8S8>(
  name: StaticName("pare_finish_u8s8_1x16__portable"), rows: 1, columns: 16, isa: .portable
) { m, n, sums, q, c, ldc, output in
  guard let sums, let q, let c, let output = output?.pointee else { return }
  for i in 0..<m {
    for j in 0..<n { storeSum(sums[16 * i + j], q, j, to: c, at: i * ldc + j, output) }
  }
}

/// The portable form of `finish_f32`, same bits as the others.
package let finishReferenceF32 = Kernel<FinishFunctionF32>(
  name: StaticName("pare_finish_f32_1x16__portable"), rows: 1, columns: 16, isa: .portable
) { m, n, sums, residual, c, ldc, min, max in
  guard let sums, let c else { return }
  for i in 0..<m {
    for j in 0..<n {
      let at = i * ldc + j
      c[at] = clamped(sums[16 * i + j] + (residual?[at] ?? 0), min, max)
    }
  }
}
