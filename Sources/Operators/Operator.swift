public import Kernels

/// What one operator means: its signature, the shapes it makes, its cost, and how it is computed.
///
/// Operators have the semantics of the ONNX operator of the same name at opset `since`; where a node
/// comes from an older opset, the importer has brought it to this form. What goes beyond ONNX is said
/// in the operator's file and in docs/Operators.md.
///
/// Every operator is a static member in a file of its own, and one line in `OperatorTable.swift`.
public struct Operator: Sendable {
  /// Which memory layouts the operator takes and gives for tensors of rank 4.
  public enum LayoutRule: Sendable {
    /// Row-major in, row-major out.
    case rowMajor
    /// Channels last in, channels last out; weights and bias, the second and third inputs, as they are.
    case channelsLast
    /// Whatever the first rank-4 input has; the operator works on `ValueFacts.physicalShape`, and
    /// maps axes by `ValueFacts.physicalAxis`. All outputs get the same layout.
    case follow
    /// Of its one input either layout, and of its output either, so that a plan can choose the two
    /// between which the fewest bytes move.
    case either
    /// As `follow`; where a plan asks for it and `prepare` does not refuse, row-major in and channels
    /// last out.
    case convert
  }

  /// How an operator takes part in static int8 quantization.
  public enum QuantizationRule: Sendable {
    /// It computes in float32 only.
    case none
    /// It takes uint8 activations and gives uint8 with parameters of its own.
    case integer
    /// It only moves elements: the output has the input's parameters.
    case passthrough
  }

  /// ONNX's name.
  public let name: String
  /// The ONNX opset whose semantics this is.
  public let since: Int
  /// How many inputs a node may have; optional ones may be left out within this range.
  public let inputs: ClosedRange<Int>
  /// How many outputs a node may have.
  public let outputs: ClosedRange<Int>
  /// The layouts it takes and gives.
  public let layout: LayoutRule
  /// How it takes part in static quantization.
  public let quantization: QuantizationRule
  /// The types and shapes of the outputs; reads constant inputs where a shape depends on them.
  public let infer: @Sendable (NodeFacts) throws(OperatorError) -> [ValueFacts]
  /// Multiply-accumulate operations of one run, counted from shapes alone.
  public let multiplyAccumulates: @Sendable (NodeFacts) -> Int
  /// Elements that one run reads again and again: of windows that overlap, of regions.
  let scans: @Sendable (NodeFacts) -> Int
  /// The sizes of the product whose weights input 1 are, for nodes that pack them; nil for others.
  public let productSizes: @Sendable (NodeFacts) throws(OperatorError) -> ConvolutionGeometry?
  /// How the node puts its inputs together, where that is all it does; nil for others.
  public let joining: @Sendable (NodeFacts) -> Joining?
  /// Whether a node whose rule is `channelsLast` can also read its first input row-major; it still gives
  /// channels last.
  public let readsRowMajor: @Sendable (NodeFacts) -> Bool
  /// Prepares the node for running: checks types, packs constants, chooses a kernel.
  public let prepare: @Sendable (NodeFacts) throws(OperatorError) -> Execution

  /// The layout of input `position` of rank 4, where the node works in `layout`.
  public func layout(ofInput position: Int, in layout: Layout) -> Layout {
    self.layout == .channelsLast && (1...2).contains(position) ? .rowMajor : layout
  }

  /// An operator; the defaults are those of a simple float operator.
  public init(
    _ name: String, since: Int, inputs: ClosedRange<Int>, outputs: ClosedRange<Int> = 1...1,
    layout: LayoutRule = .rowMajor, quantization: QuantizationRule = .none,
    infer: @escaping @Sendable (NodeFacts) throws(OperatorError) -> [ValueFacts],
    multiplyAccumulates: @escaping @Sendable (NodeFacts) -> Int = { _ in 0 },
    scans: @escaping @Sendable (NodeFacts) -> Int = { _ in 0 },
    productSizes:
      @escaping @Sendable (NodeFacts) throws(OperatorError) -> ConvolutionGeometry? = { _ in nil },
    joining: @escaping @Sendable (NodeFacts) -> Joining? = { _ in nil },
    readsRowMajor: @escaping @Sendable (NodeFacts) -> Bool = { _ in false },
    prepare: @escaping @Sendable (NodeFacts) throws(OperatorError) -> Execution
  ) {
    self.name = name
    self.since = since
    self.inputs = inputs
    self.outputs = outputs
    self.layout = layout
    self.quantization = quantization
    self.infer = infer
    self.multiplyAccumulates = multiplyAccumulates
    self.scans = scans
    self.productSizes = productSizes
    self.joining = joining
    self.readsRowMajor = readsRowMajor
    self.prepare = prepare
  }
}
