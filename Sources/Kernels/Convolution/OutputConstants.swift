import CKernels

extension ConvolutionI8 {
  /// What an integer convolution writes.
  public enum Output: Hashable, Sendable {
    /// uint8 with a scale and zero point, clamped to `clampMin ... clampMax`.
    case uint8(scale: Float, zeroPoint: UInt8, clampMin: UInt8, clampMax: UInt8)
    /// float32 in real units, clamped; infinite bounds where there is none.
    case float32(min: Float, max: Float)

    var value: pare_qoutput {
      switch self {
      case .uint8(_, let zero, let least, let most):
        pare_qoutput(
          kind: 0, zero: Int32(zero), min: Int32(least), max: Int32(most), float_min: 0,
          float_max: 0)
      case .float32(let least, let most):
        pare_qoutput(kind: 1, zero: 0, min: 0, max: 0, float_min: least, float_max: most)
      }
    }
  }
}

/// The start value and the two further words of one output channel, as kernels take them.
struct OutputConstants {
  let start: Int32, first: Int32, second: Int32

  /// The constants of a channel whose weights add up to `weightSum`.
  init(
    weightSum: Int32, weightScale: Float, bias: Float, inputScale: Float, inputZeroPoint: UInt8,
    output: ConvolutionI8.Output
  ) {
    let compensation = 0 &- Int32(inputZeroPoint) &* weightSum
    switch output {
    case .uint8(let scale, _, _, _):
      let unit = Double(inputScale) * Double(weightScale)
      start = compensation &+ Requantization.integerBias(bias, unit: unit)
      let factor = Requantization.ofScales(input: inputScale, weight: weightScale, output: scale)
      first = factor.multiplier
      second = factor.shift
    case .float32:
      start = compensation
      first = Int32(bitPattern: (inputScale * weightScale).bitPattern)
      second = Int32(bitPattern: bias.bitPattern)
    }
  }

  /// Stores the constants at `lane` of block `index`.
  func store(to words: UnsafeMutablePointer<Int32>, block index: Int, lane: Int) {
    let block = words + index * 48 + lane
    block[0] = start
    block[16] = first
    block[32] = second
  }
}
