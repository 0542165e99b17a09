/// The weights of a bilinear resampling with antialiasing along one axis, as Pillow computes them.
///
/// Each output position is a weighted sum of `count` inputs from `start`; weights are fixed-point
/// numbers of `precision` bits. The arithmetic follows Pillow's `Resample.c` step by step, for the
/// result is to be the same in every bit.
struct ResampleWeights {
  /// Bits after the point: 32, less 8 for the pixel and 2 for the sum to overshoot.
  static let precision: Int32 = 32 - 8 - 2

  /// One output position.
  struct Position {
    let start: Int
    let count: Int
  }

  /// The output positions, from the first of the window.
  let positions: [Position]
  /// `stride` weights for each position, the first `count` of them in use.
  let weights: [Int32]
  /// The largest number of inputs of one position.
  let stride: Int

  /// The weights that take `input` positions to `output` ones, for the output positions `window`.
  init(from input: Int, to output: Int, window: Range<Int>) {
    let scale = Double(input) / Double(output)
    let filterScale = max(scale, 1)
    // The triangle filter reaches one position to either side.
    let support = 1.0 * filterScale
    let stride = Int(support.rounded(.up)) * 2 + 1
    var positions: [Position] = []
    var weights = [Int32](repeating: 0, count: stride * window.count)
    var exact = [Double](repeating: 0, count: stride)
    for (row, position) in window.enumerated() {
      let center = (Double(position) + 0.5) * scale
      let start = max(0, Int(center - support + 0.5))
      let count = min(input, Int(center + support + 0.5)) - start
      var sum = 0.0
      for index in 0..<count {
        let distance = abs((Double(index + start) - center + 0.5) * (1 / filterScale))
        exact[index] = distance < 1 ? 1 - distance : 0
        sum += exact[index]
      }
      for index in 0..<count {
        let weight = sum != 0 ? exact[index] / sum : exact[index]
        weights[row * stride + index] = Int32(0.5 + weight * Double(Int32(1) << Self.precision))
      }
      positions.append(Position(start: start, count: count))
    }
    self.positions = positions
    self.weights = weights
    self.stride = stride
  }

  /// The input positions that the window needs.
  var inputs: Range<Int> {
    guard let first = positions.first, let last = positions.last else { return 0..<0 }
    return first.start..<(last.start + last.count)
  }
}
