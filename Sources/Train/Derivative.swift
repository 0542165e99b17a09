public import Kernels
public import Operators

/// How one operator is trained: what its backward pass reads, and how it computes gradients.
///
/// Every derivative is a static member in a file of its own below `Derivatives`, one line in
/// `DerivativeTable.swift` and one row in docs/Training.md.
///
/// A step whose execution is a view (`Execution.isView`: Reshape, or a change of layout that moves no
/// byte) needs none: its output shares memory with its input, and so do their gradients.
public struct Derivative: Sendable {
  /// The operator's name.
  public let op: String
  /// Whether its forward pass replaces the operator's also where no gradient is wanted, since it depends on
  /// the mode.
  public let isAlwaysUsed: Bool
  /// Makes a node ready to be trained; throws where its form has no derivative.
  public let prepare: @Sendable (TrainedNode) throws(OperatorError) -> TrainingStep

  /// The derivative of operator `op`.
  public init(
    _ op: String, isAlwaysUsed: Bool = false,
    prepare: @escaping @Sendable (TrainedNode) throws(OperatorError) -> TrainingStep
  ) {
    self.op = op
    self.isAlwaysUsed = isAlwaysUsed
    self.prepare = prepare
  }
}

/// A node that is to be trained: what is known about it before the first step.
public struct TrainedNode: Sendable {
  /// The node and its operands, in the layouts of the plan.
  ///
  /// Parameters still carry their first values as `constant`, since shapes are inferred from
  /// constants; they change from step to step.
  public let facts: NodeFacts
  /// For each input, whether its gradient is wanted.
  public let wants: [Bool]
  /// For each input, whether it is a parameter.
  public let isParameter: [Bool]

  /// The node's operands as an execution must see them that reads parameters from memory: without
  /// constants for these.
  public var runFacts: NodeFacts {
    var facts = facts
    for index in isParameter.indices where isParameter[index] {
      facts.inputs[index]?.constant = nil
    }
    return facts
  }
}

/// A node made ready to be trained.
public struct TrainingStep: Sendable {
  /// The node's own forward pass; nil for the operator's execution on `TrainedNode.runFacts`.
  public var forward: (@Sendable (StepMemory) -> Void)?
  /// The scratch memory of `forward`, where there is one.
  public var forwardScratch = ScratchSize()
  /// The input whose memory `forward` may write its first output to.
  public var forwardOverwrites: Int?
  /// Computes the gradients of inputs from those of outputs.
  ///
  /// Does not allocate. Gradients of inputs are made in the order of inputs, since two operands may be
  /// the same value.
  public var backward: @Sendable (StepMemory) -> Void
  /// The scratch memory of `backward`.
  public var scratch: ScratchSize
  /// The inputs and outputs whose values `backward` reads; no others may be read there.
  public var readsInputs: [Int]
  public var readsOutputs: [Int]
  /// Bytes of buffers that `forward` leaves for `backward`.
  public var saved: [Int]
  /// Whether `backward` looks at `GradientPlace.adds`; where it does not, it always adds, and finds zeros
  /// where there is nothing to add to.
  public var writes: Bool
  /// Inputs whose gradient may lie where that of the first output lies, the best first: `backward` then
  /// finds both at one address.
  public var overwrites: [Int]
  /// Whether `backward` changes gradients of outputs, for work of its own.
  public var spoilsGradients: Bool
  /// Constant inputs that `forward` changes in training: running statistics.
  public var updates: [Int]

  /// A step with the given backward pass.
  public init(
    readsInputs: [Int] = [], readsOutputs: [Int] = [], scratch: ScratchSize = ScratchSize(),
    saved: [Int] = [], writes: Bool = false, overwrites: [Int] = [], spoilsGradients: Bool = false,
    updates: [Int] = [], backward: @escaping @Sendable (StepMemory) -> Void
  ) {
    self.readsInputs = readsInputs
    self.readsOutputs = readsOutputs
    self.scratch = scratch
    self.saved = saved
    self.writes = writes
    self.overwrites = overwrites
    self.spoilsGradients = spoilsGradients
    self.updates = updates
    self.backward = backward
  }
}
