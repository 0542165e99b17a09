import Kernels
import ModelFormat
import Operators

/// If, Loop and Scan of ONNX over bodies that read nothing but their inputs.
enum ControlFlow {
  /// The number of operands that a node carries from one iteration to the next.
  private static func carried(_ node: Node) -> Int? {
    guard case .int(let count)? = node.attributes["carried"] else { return nil }
    return Int(exactly: count)
  }

  /// The number of operands that a Scan goes through element by element.
  private static func scanned(_ node: Node) -> Int? {
    guard case .int(let count)? = node.attributes["num_scan_inputs"] else { return nil }
    return Int(exactly: count)
  }

  /// Refuses a node whose bodies do not fit its operands.
  static func check(_ node: Node) throws(InterpreterError) {
    func require(_ condition: Bool, _ what: String) throws(InterpreterError) {
      guard condition else { throw .node(name: node.name, op: node.op, .unsupported(what)) }
    }
    let mismatch = "its bodies do not fit its operands"
    switch node.op {
    case "If":
      try require(node.bodies.count == 2 && node.inputs.count >= 1, "must have two bodies")
      for body in node.bodies {
        try require(body.inputs.count == node.inputs.count - 1, mismatch)
        try require(body.outputs.count == node.outputs.count, mismatch)
      }
    case "Loop":
      try require(node.bodies.count == 1, "must have one body")
      let body = node.bodies[0]
      let count = carried(node) ?? -1
      try require(
        count >= 0 && count <= node.inputs.count - 2 && count <= node.outputs.count
          && body.inputs.count == node.inputs.count
          && body.outputs.count == node.outputs.count + 1, mismatch)
      for input in node.inputs.dropFirst(2) { try require(input != nil, mismatch) }
    case "Scan":
      try require(node.bodies.count == 1, "must have one body")
      let body = node.bodies[0]
      let states = carried(node) ?? -1
      let inputs = scanned(node) ?? -1
      try require(
        states >= 0 && inputs >= 1 && states <= node.outputs.count
          && states <= node.inputs.count && inputs <= node.inputs.count - states
          && body.inputs.count == node.inputs.count
          && body.outputs.count == node.outputs.count, mismatch)
      for input in node.inputs { try require(input != nil, mismatch) }
    default:
      try require(node.bodies.isEmpty, "has a body, but is no control flow")
    }
  }

  /// Runs a node that `check` has let through.
  static func run(
    _ node: Node, _ operands: [RuntimeTensor?], bodies: [GraphRunner], budget: RunBudget,
    pool: ThreadPool
  ) throws(InterpreterError) -> [RuntimeTensor] {
    switch node.op {
    case "If":
      guard let condition = operands[0]?.truth else {
        throw .node(name: node.name, op: node.op, .unsupported("the condition is no single bool"))
      }
      var inputs: [RuntimeTensor] = []
      for operand in operands.dropFirst() { inputs.append(try require(operand, node)) }
      return try bodies[condition ? 0 : 1].run(inputs, pool)
    case "Loop": return try loop(node, operands, bodies[0], budget, pool)
    default: return try scan(node, operands, bodies[0], budget, pool)
    }
  }

  private static func require(
    _ operand: RuntimeTensor?, _ node: Node
  ) throws(InterpreterError) -> RuntimeTensor {
    guard let operand else {
      throw .node(name: node.name, op: node.op, .unsupported("an operand is missing"))
    }
    return operand
  }

  private static func loop(
    _ node: Node, _ operands: [RuntimeTensor?], _ body: GraphRunner, _ budget: RunBudget,
    _ pool: ThreadPool
  ) throws(InterpreterError) -> [RuntimeTensor] {
    func fail(_ what: String) -> InterpreterError {
      .node(name: node.name, op: node.op, .unsupported(what))
    }
    var limit: Int64?
    if let trips = operands[0] {
      guard let count = trips.integer else { throw fail("the trip count is no single int64") }
      limit = count
    }
    var condition = operands[1] ?? .scalar(true, .bool, budget)
    let count = carried(node) ?? 0
    var state: [RuntimeTensor] = []
    for operand in operands[2..<(2 + count)] { state.append(try require(operand, node)) }
    var captures: [RuntimeTensor] = []
    for operand in operands[(2 + count)...] { captures.append(try require(operand, node)) }
    var rows = [[RuntimeTensor]](repeating: [], count: node.outputs.count - count)
    var iteration: Int64 = 0
    while limit.map({ iteration < $0 }) ?? true {
      guard let goesOn = condition.truth else { throw fail("the condition is no single bool") }
      if !goesOn { break }
      try budget.iterate(node)
      let results = try body.run(
        [.scalar(iteration, .int64, budget), condition] + state + captures, pool)
      condition = results[0]
      state = Array(results[1..<(1 + count)])
      for index in rows.indices { rows[index].append(results[1 + count + index]) }
      iteration += 1
    }
    var outputs = state
    for row in rows {
      outputs.append(try SlicedTensor.stack(row, axis: 0, reversed: false, node, budget))
    }
    return outputs
  }

  private static func scan(
    _ node: Node, _ operands: [RuntimeTensor?], _ body: GraphRunner, _ budget: RunBudget,
    _ pool: ThreadPool
  ) throws(InterpreterError) -> [RuntimeTensor] {
    func list(_ name: String, _ index: Int) -> Int {
      guard case .ints(let values)? = node.attributes[name], index < values.count else { return 0 }
      return Int(clamping: values[index])
    }
    let states = carried(node) ?? 0
    let scanCount = scanned(node) ?? 0
    var state: [RuntimeTensor] = []
    for operand in operands[..<states] { state.append(try require(operand, node)) }
    var sequences: [SlicedTensor] = []
    for (index, operand) in operands[states..<(states + scanCount)].enumerated() {
      sequences.append(
        try SlicedTensor(
          try require(operand, node), axis: list("scan_input_axes", index),
          reversed: list("scan_input_directions", index) != 0, node))
    }
    var captures: [RuntimeTensor] = []
    for operand in operands[(states + scanCount)...] { captures.append(try require(operand, node)) }
    let length = sequences[0].count
    for sequence in sequences where sequence.count != length {
      throw .node(
        name: node.name, op: node.op,
        .shapeMismatch("scans \(length) elements of one input and \(sequence.count) of another"))
    }
    var rows = [[RuntimeTensor]](repeating: [], count: node.outputs.count - states)
    for index in 0..<length {
      try budget.iterate(node)
      let slices = sequences.map { $0.slice(index, budget) }
      let results = try body.run(state + slices + captures, pool)
      state = Array(results[..<states])
      for output in rows.indices { rows[output].append(results[states + output]) }
    }
    var outputs = state
    for (index, row) in rows.enumerated() {
      outputs.append(
        try SlicedTensor.stack(
          row, axis: list("scan_output_axes", index),
          reversed: list("scan_output_directions", index) != 0, node, budget))
    }
    return outputs
  }
}
