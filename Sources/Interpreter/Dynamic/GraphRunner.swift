import Kernels
import ModelFormat
import Operators

/// Runs a graph node by node, with the shapes that its data have.
///
/// This is for what no plan can know: results whose shape depends on elements, and the bodies of
/// control flow. A node is prepared anew only where the shapes of its operands change between runs, or
/// where it has to see their elements.
final class GraphRunner {
  private let graph: Graph
  private let budget: RunBudget
  /// Whether nothing of a node is kept for the next run.
  private let isStreaming: Bool
  private var steps: [Step] = []
  /// The graph's constants as operators read them, made on their first use.
  private var constants: [Int: AlignedBuffer] = [:]

  private struct Step {
    let op: Operator
    let bodies: [GraphRunner]
    /// Values that no later step reads.
    var releases: [ValueID] = []
    /// The node as it was prepared last, for operands of these types and shapes.
    var prepared: (operands: [Operand?], node: PreparedNode)?
  }

  /// What the preparation of a node depends on, apart from constants of the graph.
  private struct Operand: Equatable {
    let type: ElementType
    let shape: Shape
  }

  /// A runner for `graph`, whose inputs are given to each run.
  init(
    _ graph: Graph, _ budget: RunBudget, isStreaming: Bool = false
  ) throws(InterpreterError) {
    self.graph = graph
    self.budget = budget
    self.isStreaming = isStreaming
    var lastReader = [Int?](repeating: nil, count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() {
      guard let op = Operator.named(node.op) else {
        throw .unknownOperator(node: node.name, op: node.op)
      }
      var bodies: [GraphRunner] = []
      for body in node.bodies {
        bodies.append(try GraphRunner(body, budget, isStreaming: isStreaming))
      }
      try ControlFlow.check(node)
      steps.append(Step(op: op, bodies: bodies))
      for case let id? in node.inputs + node.outputs { lastReader[id.index] = index }
    }
    for id in graph.outputs { lastReader[id.index] = nil }
    for (value, reader) in lastReader.enumerated() {
      if let reader { steps[reader].releases.append(ValueID(value)) }
    }
  }

  /// Computes the outputs from the inputs, which are in the graph's order.
  func run(_ inputs: [RuntimeTensor], _ pool: ThreadPool) throws(InterpreterError)
    -> [RuntimeTensor]
  {
    var values = [RuntimeTensor?](repeating: nil, count: graph.values.count)
    for (id, tensor) in zip(graph.inputs, inputs) { values[id.index] = tensor }
    for index in steps.indices {
      let node = graph.nodes[index]
      var operands: [RuntimeTensor?] = []
      for id in node.inputs { operands.append(id.flatMap { values[$0.index] }) }
      let results =
        steps[index].bodies.isEmpty
        ? try compute(index, node, operands, pool)
        : try control(index, node, operands, pool)
      for (id, result) in zip(node.outputs, results) {
        if let id { values[id.index] = result }
      }
      for id in steps[index].releases { values[id.index] = nil }
    }
    var outputs: [RuntimeTensor] = []
    for id in graph.outputs {
      guard let value = values[id.index] ?? constant(id) else {
        throw .unknownShape(value: graph[id].name, node: "graph output")
      }
      outputs.append(value)
    }
    return outputs
  }

  /// A constant of the graph in the type that operators see.
  private func constant(_ id: ValueID) -> RuntimeTensor? {
    guard let facts = graph.facts(id), facts.constant != nil else { return nil }
    return RuntimeTensor(facts, buffer(of: id, facts), budget)
  }

  private func buffer(of id: ValueID, _ facts: ValueFacts) -> AlignedBuffer {
    if let known = constants[id.index] { return known }
    let tensor = facts.constant ?? Tensor([Float](), shape: [0])
    let bytes = tensor.type == facts.type ? tensor.dense : Bytes(elements: tensor.floats())
    let buffer = AlignedBuffer(bytes)
    if !isStreaming { constants[id.index] = buffer }
    return buffer
  }

  private func control(
    _ index: Int, _ node: Node, _ operands: [RuntimeTensor?], _ pool: ThreadPool
  ) throws(InterpreterError) -> [RuntimeTensor] {
    var all: [RuntimeTensor?] = []
    for (position, id) in node.inputs.enumerated() {
      all.append(operands[position] ?? id.flatMap { constant($0) })
    }
    return try ControlFlow.run(
      node, all, bodies: steps[index].bodies, budget: budget, pool: pool)
  }

  private func compute(
    _ index: Int, _ node: Node, _ operands: [RuntimeTensor?], _ pool: ThreadPool
  ) throws(InterpreterError) -> [RuntimeTensor] {
    let prepared: PreparedNode
    do throws(OperatorError) {
      prepared = try prepare(index, node, operands)
    } catch {
      throw .node(name: node.name, op: node.op, error)
    }
    try budget.compute(steps[index].op, prepared.facts)
    try budget.require(prepared.runBytes(threads: pool.threads))
    let buffers = node.inputs.enumerated().map { position, id -> AlignedBuffer? in
      if let operand = operands[position] { return operand.buffer }
      guard let id, !prepared.isPacked(position), let facts = graph.facts(id) else { return nil }
      return buffer(of: id, facts)
    }
    return zip(prepared.facts.outputs, prepared.run(buffers, pool: pool)).map { facts, buffer in
      RuntimeTensor(facts, buffer, budget)
    }
  }

  private func prepare(
    _ index: Int, _ node: Node, _ operands: [RuntimeTensor?]
  ) throws(OperatorError) -> PreparedNode {
    let key = operands.map { operand in
      operand.map { Operand(type: $0.facts.type, shape: $0.facts.shape) }
    }
    if let known = steps[index].prepared, known.operands == key { return known.node }
    var facts: [ValueFacts?] = []
    for (position, id) in node.inputs.enumerated() {
      facts.append(operands[position]?.facts ?? id.flatMap { graph.facts($0) })
    }
    do throws(OperatorError) {
      let prepared = try PreparedNode(
        steps[index].op, node, inputs: facts, outputLimit: budget.limit)
      if !isStreaming { steps[index].prepared = (key, prepared) }
      return prepared
    } catch {
      guard case .needsConstant = error else { throw error }
    }
    // The result depends on elements, which are known by now; another run will have others.
    for position in facts.indices where operands[position] != nil {
      facts[position]?.constant = operands[position]?.tensor
    }
    return try PreparedNode(
      steps[index].op, node, inputs: facts, outputLimit: budget.limit)
  }
}
