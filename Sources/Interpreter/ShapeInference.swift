public import Kernels
public import ModelFormat
internal import Operators

extension Operator {
  /// The operator of `node`.
  static func named(of node: Node) throws(InterpreterError) -> Operator {
    guard let op = named(node.op) else {
      throw .unknownOperator(node: node.name, op: node.op)
    }
    return op
  }
}

extension Graph {
  /// What is known about a value now.
  func facts(_ id: ValueID) -> ValueFacts? {
    let value = self[id]
    guard let shape = value.shape else { return nil }
    return ValueFacts(
      type: value.type, shape: shape, quantization: value.quantization, constant: value.constant)
  }

  /// The node's operator and the facts about its inputs.
  func resolve(_ node: Node) throws(InterpreterError) -> (Operator, NodeFacts) {
    let op = try Operator.named(of: node)
    return (op, try facts(of: node, for: op))
  }

  /// The facts about the inputs of a node of `op`.
  func facts(of node: Node, for op: Operator) throws(InterpreterError) -> NodeFacts {
    func fail(_ error: OperatorError) -> InterpreterError {
      .node(name: node.name, op: node.op, error)
    }
    guard op.inputs.contains(node.inputs.count) else {
      throw fail(.operandCount(found: node.inputs.count, allowed: op.inputs, outputs: false))
    }
    guard op.outputs.contains(node.outputs.count) else {
      throw fail(.operandCount(found: node.outputs.count, allowed: op.outputs, outputs: true))
    }
    var inputs: [ValueFacts?] = []
    inputs.reserveCapacity(node.inputs.count)
    for id in node.inputs {
      guard let id else {
        inputs.append(nil)
        continue
      }
      guard let facts = facts(id) else {
        throw .unknownShape(value: self[id].name, node: node.name)
      }
      inputs.append(facts)
    }
    return NodeFacts(node: node, inputs: inputs)
  }

  /// The sizes of the product whose weights are input 1 of `node`; nil for nodes that pack none, or whose
  /// shapes are not known.
  public func productSizes(of node: Node) -> ConvolutionGeometry? {
    guard let (op, facts) = try? resolve(node) else { return nil }
    return (try? op.productSizes(facts)) ?? nil
  }

  /// Gives every value that `node` computes its type and shape, or checks those that it has.
  ///
  /// Where they depend on the data of a run, the shapes stay open.
  public mutating func inferShapes(of node: Node) throws(InterpreterError) {
    if dependsOnData(node) { return }
    let (op, facts) = try resolve(node)
    let outputs: [ValueFacts]
    do { outputs = try op.infer(facts) } catch {
      if case .needsConstant = error { return }
      throw .node(name: node.name, op: node.op, error)
    }
    for (id, output) in zip(node.outputs, outputs) {
      guard let id else { continue }
      if let shape = self[id].shape, shape != output.shape {
        throw .shapeDisagrees(
          value: self[id].name, node: node.name, stated: shape, found: output.shape)
      }
      self[id].shape = output.shape
      // A quantized graph states types that inference from float semantics does not know.
      let isStated =
        self[id].quantization != nil || facts.inputs.contains { $0?.quantization != nil }
      if !isStated { self[id].type = output.type }
    }
  }

  /// Whether a node has a body or reads a value without a shape.
  private func dependsOnData(_ node: Node) -> Bool {
    !node.bodies.isEmpty
      || node.inputs.contains { id in id.map { self[$0].shape == nil } ?? false }
  }

  /// Gives values without a shape theirs, where it does not depend on the data of a run.
  mutating func inferOpenShapes() throws(InterpreterError) {
    for node in nodes
    where node.outputs.contains(where: { $0.map { self[$0].shape == nil } ?? false }) {
      try inferShapes(of: node)
    }
  }

  /// Gives every value its type and shape, node by node.
  public mutating func inferShapes() throws(InterpreterError) {
    for node in nodes { try inferShapes(of: node) }
  }

  /// The order in which kernels of `isa` read the constant weights of `node`, its input 1, or nil where
  /// it has none that can be stored in an order of theirs.
  public func weightPanels(of node: Node, for isa: InstructionSet) -> PanelOrder? {
    guard let (op, facts) = try? resolve(node) else { return nil }
    return op.weightPanels(facts, for: isa)
  }

  /// Multiply-accumulates of one run of `node`, counted from shapes alone.
  public func multiplyAccumulates(of node: Node) -> Int {
    guard let (op, resolved) = try? resolve(node) else { return 0 }
    var facts = resolved
    facts.outputs = node.outputs.compactMap { id in id.flatMap { self.facts($0) } }
    guard facts.outputs.count == node.outputs.count else { return 0 }
    return op.multiplyAccumulates(facts)
  }
}
