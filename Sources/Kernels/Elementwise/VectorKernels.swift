import CKernels

/// Elementwise kernels and reductions on plain buffers, chosen for one instruction set.
///
/// Each function works on one run of elements; to use threads, call it on ranges from
/// `ThreadPool.share`. Outputs may be the inputs unless stated. All are
/// single IEEE operations in one order, so every instruction set gives the same bits.
public struct VectorKernels: Sendable {
  let unary: Kernel<UnaryFunctionF32>
  let binary: Kernel<BinaryFunctionF32>
  let add: Kernel<AddFunctionU8>
  let multiply: Kernel<MultiplyFunctionU8>
  let look: Kernel<LookupFunctionU8>
  let quantizer: Kernel<QuantizeFunctionU8>
  let dequantizer: Kernel<DequantizeFunctionU8>
  let extremes: Kernel<MinMaxFunctionF32>
  let softmaxer: Kernel<SoftmaxFunctionF32>

  /// The kernels for the best instruction set there is, looked up once.
  public static var best: VectorKernels { all[InstructionSet.best.rawValue] }
  private static let all = InstructionSet.allCases.map { VectorKernels($0) }

  /// The kernels for `isa`, or for the largest set below it that has them.
  public init(_ isa: InstructionSet = .best) {
    unary = KernelTable.best(.unaryF32, upTo: isa, reference: unaryReferenceF32)
    binary = KernelTable.best(.binaryF32, upTo: isa, reference: binaryReferenceF32)
    add = KernelTable.best(.addU8, upTo: isa, reference: addReferenceU8)
    multiply = KernelTable.best(.mulU8, upTo: isa, reference: multiplyReferenceU8)
    look = KernelTable.best(.lookupU8, upTo: isa, reference: lookupReferenceU8)
    quantizer = KernelTable.best(.quantizeU8, upTo: isa, reference: quantizeReferenceU8)
    dequantizer = KernelTable.best(.dequantizeU8, upTo: isa, reference: dequantizeReferenceU8)
    extremes = KernelTable.best(.minMaxF32, upTo: isa, reference: minMaxReferenceF32)
    softmaxer = KernelTable.best(.softmaxF32, upTo: isa, reference: softmaxReferenceF32)
  }

  /// The name of the kernel for functions of one float.
  public var unaryName: String { unary.name.string }

  /// The name of the kernel for functions of two floats.
  public var binaryName: String { binary.name.string }

  /// The name of the kernel for Softmax.
  public var softmaxName: String { softmaxer.name.string }

  /// The names of the kernels from floats to bytes and back.
  public var quantizeNames: (quantize: String, dequantize: String) {
    (quantizer.name.string, dequantizer.name.string)
  }

  /// The names of the kernels for sums, products and tables of bytes.
  public var byteNames: (sum: String, product: String, table: String) {
    (add.name.string, multiply.name.string, look.name.string)
  }
}
