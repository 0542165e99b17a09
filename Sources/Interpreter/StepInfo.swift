public import ModelFormat
public import Operators

/// What a step is, for profiles and reports.
public struct StepInfo: Sendable {
  /// The node's name.
  public let name: String
  /// The operator.
  public let op: String
  /// The kernel that was chosen.
  public let kernel: String
  /// Multiply-accumulates of one run.
  public let multiplyAccumulates: Int
  /// Those that the kernel does: fewer where it skips zeros.
  public let effectiveMultiplyAccumulates: Int
  /// Whether it multiplies eight-bit integers.
  public let isInteger: Bool
  /// Bytes that one run reads and writes: inputs, outputs, and weights as they are packed.
  public let bytes: Int
  /// The shape of the first output.
  public let outputShape: Shape
  /// The type of the first output.
  public let outputType: ElementType
  /// The values of the graph that it writes, and their facts.
  public let outputs: [(id: ValueID?, facts: ValueFacts)]
  /// The name of the value that the first output is.
  public let firstOutputName: String
  /// The node's position in the graph, or nil for a change of layout.
  public let nodeIndex: Int?

  init(_ step: PlannedStep, _ execution: Execution, firstOutputName: String) {
    self.firstOutputName = firstOutputName
    name = step.facts.node.name
    op = step.facts.node.op
    kernel = execution.kernel
    multiplyAccumulates = step.op.multiplyAccumulates(step.facts)
    effectiveMultiplyAccumulates = Int(
      (Double(multiplyAccumulates) * min(max(execution.density, 0), 1)).rounded())
    isInteger = Self.isInteger(step.facts)
    bytes = Self.bytes(step.facts, execution)
    outputShape = step.facts.outputs.first?.shape ?? []
    outputType = step.facts.outputs.first?.type ?? .float32
    let node = step.facts.node
    outputs = step.facts.outputs.enumerated().map { position, facts in
      (position < node.outputs.count ? node.outputs[position] : nil, facts)
    }
    nodeIndex = step.nodeIndex
  }

  private static func isInteger(_ facts: NodeFacts) -> Bool {
    if case .string("dynamic")? = facts.node.attributes["quantization"] { return true }
    guard let type = facts.inputs.first??.type else { return false }
    return type == .uint8 || type == .int8
  }

  private static func bytes(_ facts: NodeFacts, _ execution: Execution) -> Int {
    var bytes = facts.outputs.reduce(0) { $0 &+ $1.byteCount }
    let isInteger = isInteger(facts)
    var packed = 0
    for (position, input) in facts.inputs.enumerated() {
      guard let input else { continue }
      if execution.packedInputs.contains(position) {
        // Weights lie as bytes beside integers; biases and all else as 32 bits.
        packed &+= input.shape.count &* (isInteger && position == 1 ? 1 : 4)
      } else {
        bytes &+= input.byteCount
      }
    }
    return bytes &+ (execution.packedBytes ?? packed)
  }
}
