import Kernels
import ModelFormat

/// What LSTM, GRU and RNN have in common: sizes, directions, products with weights, and the walk over
/// the steps.
///
/// Inputs: x [T, N, I], weights [D, G·H, I], recurrent weights [D, G·H, H], bias [D, 2·G·H],
/// lengths [N] (int32), initial state [D, N, H]. With `layout` 1, N comes first in x and in states.
/// Outputs: y [T, D, N, H] ([N, T, D, H] with layout 1), then the last states.
struct RecurrentLayer: Sendable {
  /// Gates: 4 for LSTM, 3 for GRU, 1 for RNN.
  let gates: Int
  /// Steps, samples, elements of an input and of a state.
  let steps: Int, batch: Int, inputSize: Int, hidden: Int
  /// Directions, and whether each walks from the end.
  let reversed: [Bool]
  /// Whether samples come before steps.
  let isBatchFirst: Bool
  /// What gates are held within before their functions.
  let clip: Float
  /// Whether the samples have lengths of their own (input 4), a bias (3) and an initial state (5).
  let hasLengths: Bool, hasBias: Bool, hasState: Bool

  /// The sizes of a node with `gates` gates, once its operands fit.
  init(_ facts: NodeFacts, gates: Int) throws(OperatorError) {
    let x = try facts.input(0).shape
    let w = try facts.input(1).shape
    let r = try facts.input(2).shape
    for (shape, name) in [(x, "input X"), (w, "input W"), (r, "input R")] where shape.rank != 3 {
      throw .rank(operand: name, found: shape.rank, expected: "3")
    }
    let direction = try facts.string("direction", default: "forward")
    switch direction {
    case "forward": reversed = [false]
    case "reverse": reversed = [true]
    case "bidirectional": reversed = [false, true]
    default:
      throw .attribute(
        name: "direction",
        problem: "is '\(direction)', but must be forward, reverse or bidirectional")
    }
    let layout = try facts.int("layout", default: 0)
    guard layout == 0 || layout == 1 else {
      throw .attribute(name: "layout", problem: "is \(layout), but must be 0 or 1")
    }
    isBatchFirst = layout == 1
    self.gates = gates
    (steps, batch) = isBatchFirst ? (x[1], x[0]) : (x[0], x[1])
    inputSize = x[2]
    hidden = r[2]
    clip = try facts.float("clip", default: .infinity)
    let stated = try facts.int("hidden_size", default: hidden)
    guard stated == hidden, hidden >= 1, inputSize >= 1, hidden <= 1 << 24, inputSize <= 1 << 28,
      w == [reversed.count, gates * hidden, inputSize],
      r == [reversed.count, gates * hidden, hidden]
    else {
      throw .shapeMismatch(
        "weights \(w) and \(r) do not fit inputs \(x) and \(stated) hidden elements")
    }
    hasBias = facts.optionalInput(3) != nil
    if let bias = facts.optionalInput(3)?.shape, bias != [reversed.count, 2 * gates * hidden] {
      throw .shapeMismatch("the bias has shape \(bias)")
    }
    hasLengths = facts.optionalInput(4) != nil
    if let lengths = facts.optionalInput(4) {
      guard lengths.shape == [batch] else {
        throw .shapeMismatch("the lengths have shape \(lengths.shape), but must be [\(batch)]")
      }
      try facts.require(lengths, "sequence_lens", among: [.int32])
    }
    hasState = facts.optionalInput(5) != nil
    try requireState(facts, 5, "initial_h")
  }

  /// Refuses an initial state of another shape than the layer's states have.
  func requireState(_ facts: NodeFacts, _ index: Int, _ name: String) throws(OperatorError) {
    if let state = facts.optionalInput(index)?.shape, state != Shape(stateShape) {
      throw .shapeMismatch("\(name) has shape \(state), but must be \(Shape(stateShape))")
    }
  }

  /// The extents of a state.
  var stateShape: [Int] {
    isBatchFirst ? [batch, reversed.count, hidden] : [reversed.count, batch, hidden]
  }

  /// The facts of y and of `states` last states, as many as the node names.
  func results(_ facts: NodeFacts, states: Int) throws(OperatorError) -> [ValueFacts] {
    let type = try facts.input(0).type
    let y =
      isBatchFirst
      ? [batch, steps, reversed.count, hidden] : [steps, reversed.count, batch, hidden]
    var results = [try facts.result(type, y)]
    for _ in 0..<states { results.append(try facts.result(type, stateShape)) }
    return Array(results.prefix(max(1, facts.node.outputs.count)))
  }

  /// Refuses operands of another type than float32.
  func requireFloats(_ facts: NodeFacts, _ indices: [Int]) throws(OperatorError) {
    for index in indices {
      if let input = facts.optionalInput(index) {
        try facts.require(input, "input \(index)", among: [.float32])
      }
    }
  }

  /// Multiply-accumulates of one run.
  var multiplyAccumulates: Int {
    .saturatingProduct(steps, batch, reversed.count, gates, hidden, inputSize &+ hidden)
  }

  /// Where step `step` of sample `sample` begins in rows of x.
  @inline(__always)
  func row(_ step: Int, _ sample: Int) -> Int {
    isBatchFirst ? sample * steps + step : step * batch + sample
  }

  /// Where the element for `step`, `direction` and `sample` begins in y.
  @inline(__always)
  func place(_ step: Int, _ direction: Int, _ sample: Int) -> Int {
    let directions = reversed.count
    return hidden
      * (isBatchFirst
        ? (sample * steps + step) * directions + direction
        : (step * directions + direction) * batch + sample)
  }

  /// Where the state of `direction` and `sample` begins.
  @inline(__always)
  func state(_ direction: Int, _ sample: Int) -> Int {
    hidden
      * (isBatchFirst ? sample * reversed.count + direction : direction * batch + sample)
  }

  /// The steps that `sample` has, held within those of x.
  @inline(__always)
  func length(_ operands: Operands, _ sample: Int) -> Int {
    hasLengths ? max(0, min(steps, Int(operands.input(4, as: Int32.self)[sample]))) : steps
  }
}
