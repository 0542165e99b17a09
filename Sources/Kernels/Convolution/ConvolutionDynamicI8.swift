/// A convolution with int8 weights on float activations, which are quantized at each run.
///
/// A run takes the least and greatest input with zero between them, quantizes the input to uint8 with
/// `DynamicRange`, and runs the integer convolution with float output; or it takes an input that was
/// quantized so already, for several layers at once. Same bits everywhere, as ConvolutionI8; inputs must
/// be finite.
public final class ConvolutionDynamicI8: Sendable {
  /// The sizes.
  public let geometry: ConvolutionGeometry
  /// The scratch memory that a run on floats needs, aligned to 64.
  public var scratch: ScratchSize { quantizedScratch.behind(inputBytes) }
  /// The scratch memory that a run on quantized input needs, aligned to 64.
  public var quantizedScratch: ScratchSize {
    ScratchSize(shared: zeroBytes + template.count, perThread: packed.slotBytes)
  }

  private let packed: PackedWeightsI8
  /// The constants for an input of scale 1 whose zero point is -1 for the kernel, so that start values are
  /// sums of weights: each run makes its own of them.
  private let template: AlignedBytes
  private let limits: (min: Float, max: Float)
  private let vectors: VectorKernels

  /// The name of the kernel that runs, which states types, tile and instruction set.
  public var kernelName: String { packed.kernelName }

  /// What one run reads of weights, and the part of the products that it does.
  public var work: PackedWork { packed.work }

  /// Whether pixels of the output may lie further apart than their channels take.
  public var takesPitch: Bool { packed.takesPitch }

  /// Whether a run widens `written`.
  public var tellsRange: Bool { packed.tellsRange }

  private var inputCount: Int {
    geometry.batch * geometry.inputHeight * geometry.inputWidth * geometry.inputChannels
  }

  private var inputBytes: Int { roundedUp(inputCount + 64, to: 64) }
  private var zeroBytes: Int { roundedUp(packed.zeroElements + 64, to: 64) }

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
    vectors = VectorKernels.best(isa)
    packed = PackedWeightsI8(geometry, weights: weights, form: form, zeroPoint: nil, isa: isa)
    template = AlignedBytes(roundedUp(packed.constantWords, to: 16), of: Int32.self)
    packed.fillConstants(
      template.pointer(Int32.self), weightScales: weightScales, bias: bias, inputScale: 1,
      kernelZeroPoint: -1, output: .float32(min: clamp.min, max: clamp.max))
  }

  /// Computes `output` ([batch][row][column][channel]) from `input`.
  ///
  /// Pixels of the output lie `pitch` floats apart, where `takesPitch`, or one behind the other. `written`
  /// is widened by what is written, where `tellsRange`.
  public func run(
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, pitch: Int? = nil,
    written: WrittenRange? = nil, scratch: UnsafeMutableRawPointer, pool: ThreadPool
  ) {
    let quantized = scratch.assumingMemoryBound(to: UInt8.self)
    let (least, most) = vectors.range(of: input, count: inputCount, pool: pool)
    let range = DynamicRange(least: least, greatest: most)
    vectors.quantize(input, to: quantized, count: inputCount, by: range, pool: pool)
    run(
      quantized: quantized, range: range, output: output, pitch: pitch, written: written,
      scratch: scratch + inputBytes, pool: pool)
  }

  /// The same for an input that was quantized by `range`, with scratch memory as `quantizedScratch` says.
  public func run(
    quantized: UnsafePointer<UInt8>, range: DynamicRange, output: UnsafeMutablePointer<Float>,
    pitch: Int? = nil, written: WrittenRange? = nil, scratch: UnsafeMutableRawPointer,
    pool: ThreadPool
  ) {
    scratch.assumingMemoryBound(to: UInt8.self).update(
      repeating: range.zeroPoint, count: zeroBytes)
    let words = (scratch + zeroBytes).assumingMemoryBound(to: Int32.self)
    fillConstants(words, range)
    packed.run(
      input: quantized, zero: scratch, constants: words, output: output,
      pitch: pitch ?? geometry.outputChannels,
      kind: ConvolutionI8.Output.float32(min: limits.min, max: limits.max).value,
      scratch: scratch + quantizedScratch.shared, pool: pool, written: written)
  }

  /// Start values are sums of weights times the zero point, factors products of two scales.
  private func fillConstants(_ words: UnsafeMutablePointer<Int32>, _ range: DynamicRange) {
    let unit = template.pointer(Int32.self)
    let zero = Int32(range.zeroPoint) - packed.shape.activationOffset
    for block in 0..<packed.constantWords / 48 {
      let (from, to) = (unit + block * 48, words + block * 48)
      for lane in 0..<16 { to[lane] = 0 &- zero &* from[lane] }
      for lane in 16..<32 {
        let scale = Float(bitPattern: UInt32(bitPattern: from[lane]))
        to[lane] = Int32(bitPattern: (range.scale * scale).bitPattern)
      }
      for lane in 32..<48 { to[lane] = from[lane] }
    }
  }
}

/// The uint8 scale and zero point for values between two bounds, zero always among them.
public struct DynamicRange: Hashable, Sendable {
  /// The real size of one step.
  public let scale: Float
  /// The uint8 value of real zero.
  public let zeroPoint: UInt8

  /// A scale and zero point that were computed before.
  public init(scale: Float, zeroPoint: UInt8) {
    self.scale = scale
    self.zeroPoint = zeroPoint
  }

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
