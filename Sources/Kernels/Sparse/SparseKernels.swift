package import CKernels

/// See `pare_lanes_x32` in kernels.h.
package typealias LanesFunction =
  @convention(c) (
    Int, Int, Int, Int, UnsafePointer<UnsafeRawPointer?>?, UnsafeMutableRawPointer?
  ) -> Void

/// See `pare_spmm_u8s8` in kernels.h.
package typealias SparseFunctionU8S8 =
  @convention(c) (
    Int, UnsafePointer<Int32>?, UnsafePointer<pare_sparse_pair>?, UnsafePointer<UInt16>?,
    UnsafePointer<Int32>?, UnsafeRawPointer?, UnsafeMutablePointer<Int32>?
  ) -> Void

/// See `pare_spmm_f32` in kernels.h.
package typealias SparseFunctionF32 =
  @convention(c) (
    Int, UnsafePointer<Float>?, UnsafePointer<pare_sparse_pair>?, UnsafePointer<UInt16>?,
    UnsafePointer<Float>?, UnsafeRawPointer?, UnsafeMutablePointer<Float>?
  ) -> Void

/// See `pare_finish_u8s8` in kernels.h.
package typealias FinishFunctionU8S8 =
  @convention(c) (
    Int, Int, UnsafePointer<Int32>?, Int, UnsafePointer<Int32>?, UnsafeMutableRawPointer?, Int,
    UnsafePointer<pare_qoutput>?
  ) -> Void

/// See `pare_finish_f32` in kernels.h.
package typealias FinishFunctionF32 =
  @convention(c) (
    Int, Int, UnsafePointer<Float>?, Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int,
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

extension pare_sparse_pair {
  /// Calls `body` with the output, index and place of the weight, for every weight of the pair; returns
  /// how many indices and weights that were.
  fileprivate func forEachWeight(
    _ indices: UnsafePointer<UInt16>, _ body: (_ output: Int, _ index: Int, _ weight: Int) -> Void
  ) -> (indices: Int, weights: Int) {
    var (index, weight) = (0, 0)
    for _ in 0..<2 * Int(both) {
      body(Int(first), Int(indices[index]), weight)
      body(Int(second), Int(indices[index]), weight + 1)
      index += 1
      weight += 2
    }
    for turn in 0..<4 * Int(each) {
      body(Int(turn % 2 == 0 ? first : second), Int(indices[index]), weight)
      index += 1
      weight += 1
    }
    return (index, weight)
  }
}

/// The portable sparse integer product: what the kernels of `spmm_u8s8` compute, bit for bit.
package let sparseReferenceU8S8 = Kernel<SparseFunctionU8S8>(
  name: StaticName("pare_spmm_u8s8_128x2__portable"), rows: 128, columns: 2, isa: .portable
) { vectors, start, pairs, indices, w, x, sums in
  guard let pairs, var indices, var w, let x, let sums else { return }
  let to = UnsafeMutableRawPointer(sums).assumingMemoryBound(to: SIMD16<Int32>.self)
  if let start {
    for index in 0..<16 * vectors { to[index] = SIMD16(repeating: start[index / vectors]) }
  }
  for pair in 0..<8 {
    let read = pairs[pair].forEachWeight(indices) { output, index, weight in
      let pixels = (x + index * 64 * vectors).assumingMemoryBound(to: SIMD16<UInt32>.self)
      let quad = w[weight]
      for v in 0..<vectors {
        let words = SIMD16<Int32>(truncatingIfNeeded: pixels[v])
        var sum = (words & 255) &* ((quad &<< 24) &>> 24)
        sum &+= ((words &>> 8) & 255) &* ((quad &<< 16) &>> 24)
        sum &+= ((words &>> 16) & 255) &* ((quad &<< 8) &>> 24)
        to[output * vectors + v] &+= sum &+ ((words &>> 24) & 255) &* (quad &>> 24)
      }
    }
    indices += read.indices
    w += read.weights
  }
}

/// The portable sparse float product: what the kernels of `spmm_f32` compute.
package let sparseReferenceF32 = Kernel<SparseFunctionF32>(
  name: StaticName("pare_spmm_f32_128x2__portable"), rows: 128, columns: 2, isa: .portable
) { vectors, start, pairs, indices, w, x, sums in
  guard let pairs, var indices, var w, let x, let sums else { return }
  let to = UnsafeMutableRawPointer(sums).assumingMemoryBound(to: SIMD16<Float>.self)
  if let start {
    for index in 0..<16 * vectors { to[index] = SIMD16(repeating: start[index / vectors]) }
  }
  for pair in 0..<8 {
    let read = pairs[pair].forEachWeight(indices) { output, index, weight in
      let pixels = (x + index * 64 * vectors).assumingMemoryBound(to: SIMD16<Float>.self)
      for v in 0..<vectors { to[output * vectors + v] += pixels[v] * w[weight] }
    }
    indices += read.indices
    w += read.weights
  }
}

/// The portable form of `finish_u8s8`, same bits as the others.
package let finishReferenceU8S8 = Kernel<FinishFunctionU8S8>(
  name: StaticName("pare_finish_u8s8_16x16__portable"), rows: 16, columns: 16, isa: .portable
) { m, n, sums, stride, q, c, ldc, output in
  guard let sums, let q, let c, let output = output?.pointee else { return }
  for i in 0..<m {
    for j in 0..<n { storeSum(sums[j * stride + i], q, j, to: c, at: i * ldc + j, output) }
  }
}

/// The portable form of `finish_f32`, same bits as the others.
package let finishReferenceF32 = Kernel<FinishFunctionF32>(
  name: StaticName("pare_finish_f32_16x16__portable"), rows: 16, columns: 16, isa: .portable
) { m, n, sums, stride, residual, c, ldc, min, max in
  guard let sums, let c else { return }
  for i in 0..<m {
    for j in 0..<n {
      let at = i * ldc + j
      c[at] = clamped(sums[j * stride + i] + (residual?[at] ?? 0), min, max)
    }
  }
}
