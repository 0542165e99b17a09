import CKernels

/// An integer convolution: uint8 activations, int8 weights, exact int32 sums; made once, run often.
///
/// The same bits on every machine, instruction set and number of threads. With x the input, zx its
/// zero point and w the weights, `acc = sum of (x - zx) * w`, where padding is x = zx. Then
///
/// - uint8 output: `y = clamp(zy + (((acc + b) * M + 2^(S-1)) >> S))`, the sum `acc + b` in 32 bits
///   that wrap, the rest in 64; b is the bias over `inputScale * weightScale`, rounded half away from
///   zero and held within 2^30; M and S are `Requantization.ofScales`.
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
  private let kind: pare_qoutput

  /// The name of the kernel that runs, which states types, tile and instruction set.
  public var kernelName: String { packed.kernelName }

  /// Bytes of scratch that a run needs, aligned to 64.
  public var scratchBytes: Int { packed.scratchBytes }

  /// A convolution with weights [output][input / groups][row][column], one scale and one bias (in real
  /// units) per output channel, all copied.
  public convenience init(
    _ geometry: ConvolutionGeometry, weights: UnsafePointer<Int8>,
    weightScales: UnsafePointer<Float>, bias: UnsafePointer<Float>?, inputScale: Float,
    inputZeroPoint: UInt8, output: Output, isa: InstructionSet = .best
  ) {
    self.init(
      geometry, weights: weights, weightScales: weightScales, bias: bias, inputScale: inputScale,
      inputZeroPoint: inputZeroPoint, output: output, isa: isa, kernel: nil)
  }

  /// The same with one line of the kernel table, where it applies.
  package init(
    _ geometry: ConvolutionGeometry, weights: UnsafePointer<Int8>,
    weightScales: UnsafePointer<Float>, bias: UnsafePointer<Float>?, inputScale: Float,
    inputZeroPoint: UInt8, output: Output, isa: InstructionSet, kernel name: String?
  ) {
    self.geometry = geometry
    self.output = output
    packed = PackedWeightsI8(geometry, weights: weights, isa: isa, kernel: name)
    constants = AlignedBytes(packed.constantWords, of: Int32.self)
    zero = AlignedBytes(geometry.inputChannels)
    zero.base.initializeMemory(as: UInt8.self, repeating: inputZeroPoint, count: zero.count)
    packed.fillConstants(
      constants.pointer(Int32.self), weightScales: weightScales, bias: bias,
      inputScale: inputScale, inputZeroPoint: inputZeroPoint, output: output)
    var kind = output.value
    if kind.kind == 0, packed.shiftsAreLong(constants.pointer(Int32.self)) { kind.kind = 2 }
    self.kind = kind
  }

  /// Computes `output` ([batch][row][column][channel], uint8 or float32) from `input`.
  public func run(
    input: UnsafePointer<UInt8>, output: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer,
    pool: ThreadPool
  ) {
    packed.run(
      input: input, zero: zero.base, constants: constants.pointer(Int32.self), output: output,
      kind: kind, scratch: scratch, pool: pool)
  }
}
