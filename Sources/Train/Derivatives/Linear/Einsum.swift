import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// Einsum of one or two operands: another Einsum of the output's gradient and the other operand.
  ///
  /// The equation states its output, without ellipses; each label of an operand stands there once, and
  /// also in the output or in the other operand.
  static let einsum = Derivative("Einsum") { node throws(OperatorError) in
    let facts = node.facts
    let equation = try facts.string("equation", default: "").filter { $0 != " " }
    let sides = equation.split(separator: ">", omittingEmptySubsequences: false)
    guard sides.count == 2, sides[0].last == "-", !equation.contains("."),
      (1...2).contains(facts.inputs.count)
    else { throw .unsupported("the equation '\(equation)'") }
    let terms = sides[0].dropLast().split(separator: ",", omittingEmptySubsequences: false)
    var parts: [EinsumBack?] = []
    for index in facts.inputs.indices {
      guard node.wants[index] else {
        parts.append(nil)
        continue
      }
      let others = terms.indices.filter { $0 != index }
      let known = Set(sides[1]).union(others.flatMap { terms[$0] })
      guard Set(terms[index]).count == terms[index].count, Set(terms[index]).isSubset(of: known)
      else { throw .unsupported("the equation '\(equation)'") }
      let back = ([sides[1]] + others.map { terms[$0] }).joined(separator: ",")
      parts.append(
        try EinsumBack(facts, equation: back + "->" + terms[index], others: others, to: index))
    }
    let needed = parts.reduce(ScratchSize()) { $0.or($1?.scratch ?? ScratchSize()) }
    let reads = parts.indices.filter { index in
      parts.indices.contains { $0 != index && parts[$0] != nil }
    }
    return TrainingStep(readsInputs: reads, scratch: needed) { [parts] memory in
      for part in parts { part?.run(memory) }
    }
  }
}

/// The gradient of one operand of an Einsum.
private struct EinsumBack: Sendable {
  private let operand: Int, count: Int, bytes: Int
  private let others: [Int]
  private let execution: Execution

  var scratch: ScratchSize { execution.scratch.behind(bytes) }

  init(
    _ facts: NodeFacts, equation: String, others: [Int], to operand: Int
  ) throws(OperatorError) {
    guard let op = Operators.Operator.named("Einsum"), let result = facts.node.outputs[0] else {
      throw .unsupported("an output that is left out")
    }
    var inputs: [ValueFacts?] = [try facts.output()]
    for other in others {
      var input = try facts.input(other)
      // It may be a parameter, which changes.
      input.constant = nil
      inputs.append(input)
    }
    let node = Node(
      name: facts.node.name, op: "Einsum", inputs: inputs.map { _ in result }, outputs: [result],
      attributes: ["equation": .string(equation)])
    var back = NodeFacts(node: node, inputs: inputs)
    back.outputs = try op.infer(back)
    let found = try back.output().shape
    let wanted = try facts.input(operand).shape
    guard found == wanted else {
      throw .unsupported("an operand \(wanted) that is broadcast to \(found)")
    }
    execution = try op.prepare(back)
    count = wanted.count
    bytes = (count * 4 + 127) & ~63
    self.operand = operand
    self.others = others
  }

  func run(_ memory: StepMemory) {
    guard let place = memory.place(operand) else { return }
    let sums = memory.scratch.assumingMemoryBound(to: Float.self)
    withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer.self, capacity: 3) { places in
      guard let base = places.baseAddress else { return }
      base[0] = UnsafeMutableRawPointer(memory.gradient())
      for (index, other) in others.enumerated() {
        base[index + 1] = UnsafeMutableRawPointer(mutating: memory.operands.rawInput(other))
      }
      base[2] = memory.scratch
      execution.run(
        Operands(
          inputs: UnsafePointer(base), outputs: UnsafePointer(base + 2),
          scratch: memory.scratch + bytes, pool: memory.pool))
    }
    memory.split(count) { for i in $0 { place.pointer[i] += sums[i] } }
  }
}
