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
          float_max: 0, residual_zero: 0, residual_factor: 0, residual: nil, start: nil)
      case .float32(let least, let most):
        pare_qoutput(
          kind: 1, zero: 0, min: 0, max: 0, float_min: least, float_max: most, residual_zero: 0,
          residual_factor: 0, residual: nil, start: nil)
      }
    }
  }
}

/// The start value, factor and bias of one output channel, as kernels take them.
struct OutputConstants {
  let start: Int32, factor: Float, bias: Float

  /// The constants of a channel whose weights add up to `weightSum`; the zero point is that of
  /// activations as the kernel takes them.
  init(
    weightSum: Int32, weightScale: Float, bias: Float, inputScale: Float, inputZeroPoint: Int32,
    output: ConvolutionI8.Output
  ) {
    let compensation = 0 &- inputZeroPoint &* weightSum
    switch output {
    case .uint8(let scale, _, _, _):
      let unit = Double(inputScale) * Double(weightScale)
      start = compensation &+ Rescaling.integerBias(bias, unit: unit)
      factor = Rescaling.factor(input: inputScale, weight: weightScale, output: scale)
      self.bias = 0
    case .float32:
      start = compensation
      factor = inputScale * weightScale
      self.bias = bias
    }
  }

  /// Stores the constants at `lane` of block `index`.
  func store(to words: UnsafeMutablePointer<Int32>, block index: Int, lane: Int) {
    let block = words + index * 48 + lane
    block[0] = start
    block[16] = Int32(bitPattern: factor.bitPattern)
    block[32] = Int32(bitPattern: bias.bitPattern)
  }
}
