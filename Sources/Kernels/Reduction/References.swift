import CKernels

package typealias MinMaxFunctionF32 =
  @convention(c) (Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void
package typealias SoftmaxFunctionF32 =
  @convention(c) (Int, Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void

/// The portable form of `min_max_f32`, same values as the others.
package let minMaxReferenceF32 = Kernel<MinMaxFunctionF32>(
  name: StaticName("pare_min_max_f32_1__portable"), rows: 1, columns: 1, isa: .portable
) { count, x, result in
  guard let x, let result else { return }
  var (least, greatest) = (result[0], result[1])
  for i in 0..<count {
    least = x[i] < least ? x[i] : least
    greatest = x[i] > greatest ? x[i] : greatest
  }
  (result[0], result[1]) = (least, greatest)
}

/// The portable form of `softmax_f32`, same bits as the others: element i is added to lane i mod 16,
/// and lanes are added pairwise, 8 apart, then 4, 2, 1.
package let softmaxReferenceF32 = Kernel<SoftmaxFunctionF32>(
  name: StaticName("pare_softmax_f32_1__portable"), rows: 1, columns: 1, isa: .portable
) { rows, count, x, y in
  guard let x, let y, count > 0 else { return }
  for row in 0..<rows { softmaxRow(count, x + row * count, y + row * count) }
}

private func softmaxRow(
  _ count: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
) {
  var greatest = x[0]
  for i in 0..<count { greatest = x[i] > greatest ? x[i] : greatest }
  var lanes = SIMD16<Float>()
  for i in 0..<count {
    y[i] = Polynomial.exponential(x[i] - greatest)
    lanes[i % 16] += y[i]
  }
  let scale = 1 / pairwiseSum(lanes)
  for i in 0..<count { y[i] *= scale }
}

/// The sum of lanes that are added pairwise: 8 apart, then 4, 2 and 1.
func pairwiseSum(_ lanes: SIMD16<Float>) -> Float {
  let eight = lanes.lowHalf + lanes.highHalf
  let four = eight.lowHalf + eight.highHalf
  let two = four.lowHalf + four.highHalf
  return two.x + two.y
}
