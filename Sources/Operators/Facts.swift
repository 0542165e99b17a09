public import Kernels
public import ModelFormat

/// The order of a rank-4 tensor's dimensions in memory.
public enum Layout: Sendable, Hashable {
  /// As the shape says: N, C, H, W.
  case rowMajor
  /// N, H, W, C: the channels of one pixel are neighbours.
  case channelsLast
}

/// What is known about a value before the network runs.
public struct ValueFacts: Sendable {
  /// The type that the operator sees.
  public var type: ElementType
  /// The extents in ONNX's order, whatever the layout.
  public var shape: Shape
  /// The order in memory; other than row-major for rank 4 only.
  public var layout: Layout
  /// The parameters of a quantized activation.
  public var quantization: Quantization?
  /// The data, where the value is constant.
  ///
  /// Its stored type may be narrower than `type`.
  public var constant: Tensor?

  /// Facts about a value.
  public init(
    type: ElementType, shape: Shape, layout: Layout = .rowMajor, quantization: Quantization? = nil,
    constant: Tensor? = nil
  ) {
    self.type = type
    self.shape = shape
    self.layout = layout
    self.quantization = quantization
    self.constant = constant
  }

  /// The extents in memory order.
  public var physicalShape: Shape {
    guard layout == .channelsLast, shape.rank == 4 else { return shape }
    return [shape[0], shape[2], shape[3], shape[1]]
  }

  /// The position in memory order of dimension `axis` (0 ..< rank) of `shape`.
  public func physicalAxis(_ axis: Int) -> Int {
    guard layout == .channelsLast, shape.rank == 4 else { return axis }
    return [0, 3, 1, 2][axis]
  }

  /// The dimensions of `shape`, outermost in memory first.
  public var physicalOrder: [Int] {
    layout == .channelsLast && shape.rank == 4 ? [0, 2, 3, 1] : [Int](0..<shape.rank)
  }

  /// The number of elements.
  public var count: Int { shape.count }

  /// Bytes that the value takes in memory.
  public var byteCount: Int { shape.count * type.size }
}

/// A node together with what is known about its operands.
public struct NodeFacts: Sendable {
  /// The node.
  public var node: Node
  /// Facts for each input; nil where an optional one is left out.
  public var inputs: [ValueFacts?]
  /// Facts for each output; empty while shapes are being inferred.
  public var outputs: [ValueFacts]

  /// A node with facts about its operands.
  public init(node: Node, inputs: [ValueFacts?], outputs: [ValueFacts] = []) {
    self.node = node
    self.inputs = inputs
    self.outputs = outputs
  }
}

/// What a plan needs in order to run a node.
public struct Execution: Sendable {
  /// The scratch memory, shared with other nodes between runs.
  public var scratch: ScratchSize
  /// The input whose memory the first output may take over, when nobody needs it any more.
  public var overwrites: Int?
  /// Whether the first output is the first input, byte for byte: the plan then shares its memory and
  /// runs nothing.
  public var isView: Bool
  /// Constant inputs that were packed during preparation, so that the plan need not expand them.
  public var packedInputs: [Int]
  /// The name of the kernel in profiles.
  public var kernel: String
  /// Bytes of packed inputs as the kernel reads them in one run; nil where they are about as large as
  /// dense ones.
  public var packedBytes: Int?
  /// The part of the multiply-accumulates that the kernel does; below one where it skips zeros.
  public var density = 1.0
  /// Computes the outputs.
  ///
  /// Does not allocate.
  public var run: @Sendable (Operands) -> Void
  /// The same with rows of the first output (its innermost dimension) so many bytes apart, and nothing
  /// written between them; nil where it cannot.
  public var runPitched: (@Sendable (Operands, _ pitch: Int) -> Void)?
  /// For a node that joins its inputs: the same where some of them lie in the output already, and are no
  /// operands any more.
  public var without: (@Sendable (Set<Int>) -> Execution)?

  /// An execution; `run` is called for each inference.
  public init(
    kernel: String = "portable", scratch: ScratchSize = ScratchSize(), overwrites: Int? = nil,
    isView: Bool = false, packedInputs: [Int] = [], run: @escaping @Sendable (Operands) -> Void
  ) {
    self.scratch = scratch
    self.overwrites = overwrites
    self.isView = isView
    self.packedInputs = packedInputs
    self.kernel = kernel
    self.run = run
  }

  /// The same with `scratchBytes` for all threads together.
  public init(
    kernel: String = "portable", scratchBytes: Int, overwrites: Int? = nil,
    packedInputs: [Int] = [], run: @escaping @Sendable (Operands) -> Void
  ) {
    self.init(
      kernel: kernel, scratch: ScratchSize(shared: scratchBytes), overwrites: overwrites,
      packedInputs: packedInputs, run: run)
  }

  /// An execution that copies the first input to the first output, which a plan leaves out.
  public static func view(byteCount: Int) -> Execution {
    Execution(kernel: "view", overwrites: 0, isView: true) { operands in
      operands.rawOutput().copyMemory(from: operands.rawInput(0), byteCount: byteCount)
    }
  }
}
