import CKernels

/// An integer convolution: uint8 activations, int8 weights, exact int32 sums; made once, run often.
///
/// The same bits on every machine, instruction set and number of threads. With x the input, zx its
/// zero point and w the weights, `acc = sum of (x - zx) * w`, where padding is x = zx. Then
///
/// - uint8 output: `y = clamp(zy + round(Float(acc + b) * f))` as `Rescaling` has it, the sum `acc + b`
///   in 32 bits that wrap; b is the bias over `inputScale * weightScale`, rounded half away from zero
///   and held within 2^30; f is `inputScale * weightScale / outputScale`. A residual r adds
///   `Float(r - zr) * g` before the rounding, with `g = residualScale / outputScale`.
/// - float32 output: `clamp(Float(acc) * (inputScale * weightScale) + bias)`, each step rounded.
///
/// Weights lie in -127 ... 127 and at most 66,000 of them make one output: more could overflow.
/// Every activation buffer must have 64 readable bytes after its end.
public final class ConvolutionI8: Sendable {
  /// The sizes.
  public let geometry: ConvolutionGeometry
  /// What `run` writes.
  public let output: Output

  private let packed: PackedWeightsI8
  private let constants: AlignedBytes
  private let zero: AlignedBytes
  /// Whether scaled sums stay within 31 bits, so that they do within 32 once a residual is added.
  private let isSmall: Bool

  /// The name of the kernel that runs, which states types, tile and instruction set.
  public var kernelName: String { packed.kernelName }

  /// What one run reads of weights, and the part of the products that it does.
  public var work: PackedWork { packed.work }

  /// The scratch memory that a run needs, aligned to 64.
  public var scratch: ScratchSize { ScratchSize(perThread: packed.slotBytes) }

  /// The order in which kernels of `isa` read dense weights, or nil where they have one of their own.
  public static func weightOrder(
    _ geometry: ConvolutionGeometry, isa: InstructionSet = .best
  ) -> WeightOrder? {
    geometry.isDepthwise ? nil : WeightOrder(geometry, quantum: 4)
  }

  /// A convolution with weights [output][input / groups][row][column], one scale and one bias (in real
  /// units) per output channel, all copied; `form` tells of weights that need not be.
  public convenience init(
    _ geometry: ConvolutionGeometry, weights: UnsafePointer<Int8>,
    form: WeightForm = .plain(nonzero: nil), weightScales: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, inputScale: Float,
    inputZeroPoint: UInt8, output: Output, isa: InstructionSet = .best
  ) {
    self.init(
      geometry, weights: weights, form: form, weightScales: weightScales, bias: bias,
      inputScale: inputScale, inputZeroPoint: inputZeroPoint, output: output, isa: isa, kernel: nil)
  }

  /// The same with one line of the kernel table, where it applies.
  package init(
    _ geometry: ConvolutionGeometry, weights: UnsafePointer<Int8>,
    form: WeightForm = .plain(nonzero: nil), weightScales: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, inputScale: Float,
    inputZeroPoint: UInt8, output: Output, isa: InstructionSet, kernel name: String?,
    sparsity: SparseChoice = .automatic
  ) {
    self.geometry = geometry
    self.output = output
    packed = PackedWeightsI8(
      geometry, weights: weights, form: form, zeroPoint: inputZeroPoint, isa: isa, kernel: name,
      sparsity: sparsity)
    constants = AlignedBytes(packed.constantWords, of: Int32.self)
    zero = AlignedBytes(packed.zeroElements)
    if inputZeroPoint != 0 {
      zero.base.initializeMemory(as: UInt8.self, repeating: inputZeroPoint, count: zero.count)
    }
    packed.fillConstants(
      constants.pointer(Int32.self), weightScales: weightScales, bias: bias,
      inputScale: inputScale, inputZeroPoint: inputZeroPoint, output: output)
    isSmall = packed.staysWithin31Bits(constants.pointer(Int32.self))
  }

  /// A tensor of the output's shape that is added before the clamp; for uint8 outputs.
  public struct Residual {
    let pointer: UnsafePointer<UInt8>
    let zero: Int32
    let scale: Float

    /// A residual at `pointer`, with its parameters; it may be the output itself.
    public init(_ pointer: UnsafePointer<UInt8>, scale: Float, zeroPoint: UInt8) {
      self.pointer = pointer
      self.scale = scale
      zero = Int32(zeroPoint)
    }
  }

  /// Whether pixels of the output may lie further apart than their channels take.
  public var takesPitch: Bool { packed.takesPitch }

  /// Computes `output` ([batch][row][column][channel], uint8 or float32) from `input`; its pixels lie
  /// `pitch` elements apart, where there is no residual and `takesPitch`, or one behind the other.
  public func run(
    input: UnsafePointer<UInt8>, residual: Residual? = nil, output: UnsafeMutableRawPointer,
    pitch: Int? = nil, scratch: UnsafeMutableRawPointer, pool: ThreadPool
  ) {
    var kind = self.output.value
    if let residual, case .uint8(let scale, _, _, _) = self.output {
      kind.residual = residual.pointer
      kind.start = UnsafeRawPointer(output)
      kind.residual_zero = residual.zero
      kind.residual_factor = Rescaling.factor(Double(residual.scale), over: Double(scale))
    }
    if kind.kind == 0, isSmall, kind.residual_factor < 0x1p22 { kind.kind = 2 }
    packed.run(
      input: input, zero: zero.base, constants: constants.pointer(Int32.self), output: output,
      pitch: pitch ?? geometry.outputChannels, kind: kind, scratch: scratch, pool: pool)
  }
}
