/// A convolution with int8 weights on float activations, which are quantized at each run.
///
/// A run takes the least and greatest input with zero between them, quantizes the input to uint8 with
/// `DynamicRange`, and runs the integer convolution with float output. Same bits everywhere, as
/// ConvolutionI8; inputs must be finite.
public final class ConvolutionDynamicI8: Sendable {
  /// The sizes.
  public let geometry: ConvolutionGeometry
  /// The scratch memory that a run needs, aligned to 64.
  public var scratch: ScratchSize {
    ScratchSize(shared: inputBytes + zeroBytes + constantBytes, perThread: packed.slotBytes)
  }

  private let packed: PackedWeightsI8
  private let scales: AlignedBytes
  private let bias: AlignedBytes
  private let limits: (min: Float, max: Float)
  private let vectors: VectorKernels

  /// The name of the kernel that runs, which states types, tile and instruction set.
  public var kernelName: String { packed.kernelName }

  /// What one run reads of weights, and the part of the products that it does.
  public var work: PackedWork { packed.work }

  private var inputCount: Int {
    geometry.batch * geometry.inputHeight * geometry.inputWidth * geometry.inputChannels
  }

  private var inputBytes: Int { roundedUp(inputCount + 64, to: 64) }
  private var zeroBytes: Int { roundedUp(packed.zeroElements + 64, to: 64) }
  private var constantBytes: Int { packed.constantWords * 4 }

  /// A convolution with weights [output][input / groups][row][column], one scale and one bias (in real
  /// units) per output channel, all copied; `clamp` is infinite where there is no bound, `form` tells of
  /// weights that need not be copied.
  public init(
    _ geometry: ConvolutionGeometry, weights: UnsafePointer<Int8>,
    form: WeightForm = .plain(nonzero: nil), weightScales: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?,
    clamp: (min: Float, max: Float) = (-.infinity, .infinity), isa: InstructionSet = .best
  ) {
    self.geometry = geometry
    limits = clamp
    vectors = VectorKernels(isa)
    packed = PackedWeightsI8(geometry, weights: weights, form: form, zeroPoint: nil, isa: isa)
    scales = AlignedBytes(geometry.outputChannels, of: Float.self)
    scales.pointer(Float.self).update(from: weightScales, count: geometry.outputChannels)
    self.bias = AlignedBytes(geometry.outputChannels, of: Float.self)
    if let bias { self.bias.pointer(Float.self).update(from: bias, count: geometry.outputChannels) }
  }

  /// Computes `output` ([batch][row][column][channel]) from `input`.
  public func run(
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutableRawPointer, pool: ThreadPool
  ) {
    let quantized = scratch.assumingMemoryBound(to: UInt8.self)
    let zero = (quantized + inputBytes)
    let words = UnsafeMutableRawPointer(zero + zeroBytes).assumingMemoryBound(to: Int32.self)
    let (least, most) = vectors.minMax(input, count: inputCount)
    let range = DynamicRange(least: least, greatest: most)
    let kind = ConvolutionI8.Output.float32(min: limits.min, max: limits.max)
    let count = inputCount
    pool.share((count + 4095) / 4096) { _, chunks in
      let first = chunks.lowerBound * 4096
      vectors.quantize(
        input + first, to: quantized + first, count: min(count, chunks.upperBound * 4096) - first,
        scale: range.scale, zeroPoint: range.zeroPoint)
    }
    zero.update(repeating: range.zeroPoint, count: zeroBytes)
    packed.fillConstants(
      words, weightScales: scales.pointer(Float.self), bias: bias.pointer(Float.self),
      inputScale: range.scale, inputZeroPoint: range.zeroPoint, output: kind)
    packed.run(
      input: quantized, zero: zero, constants: words, output: output,
      pitch: geometry.outputChannels, kind: kind.value, scratch: scratch + self.scratch.shared,
      pool: pool)
  }
}

/// The uint8 scale and zero point for values between two bounds, zero always among them.
public struct DynamicRange: Hashable, Sendable {
  /// The real size of one step.
  public let scale: Float
  /// The uint8 value of real zero.
  public let zeroPoint: UInt8

  /// The scale and zero point for values between `least` and `greatest`.
  ///
  /// Once `least` is at most 0 and `greatest` at least 0, the scale is
  /// `max(greatest - least, 2^-100) / 255` and the zero point `-least / scale`, rounded half to even.
  /// Every step is one float operation.
  public init(least: Float, greatest: Float) {
    let low = least < 0 ? least : 0
    let high = greatest > 0 ? greatest : 0
    let span = high - low
    scale = (span < 0x1p-100 ? 0x1p-100 : min(span, .greatestFiniteMagnitude)) / 255
    zeroPoint = UInt8(clamped(0 - low / scale, 0, 255).rounded(.toNearestOrEven))
  }
}
