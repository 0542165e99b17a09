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
    outputShape = step.facts.outputs.first?.shape ?? []
    outputType = step.facts.outputs.first?.type ?? .float32
    let node = step.facts.node
    outputs = step.facts.outputs.enumerated().map { position, facts in
      (position < node.outputs.count ? node.outputs[position] : nil, facts)
    }
    nodeIndex = step.nodeIndex
  }
}
