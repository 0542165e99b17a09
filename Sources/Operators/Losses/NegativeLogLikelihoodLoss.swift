import Kernels
import ModelFormat

extension Operator {
  /// NegativeLogLikelihoodLoss: minus the logarithmic probability of each target class, times the
  /// class's weight.
  ///
  /// Inputs: logarithmic probabilities (N, C, ...), targets (N, ...) as int32 or int64, and optionally
  /// a weight for each class. Attributes: `ignore_index`, the target that does not count;
  /// `reduction`, `mean` (the sum over the sum of weights, the default), `sum` or `none`. A target
  /// that is no class does not count either, where ONNX leaves the result open.
  static let negativeLogLikelihoodLoss = Operator(
    "NegativeLogLikelihoodLoss", since: 13, inputs: 2...3, infer: inferLoss, prepare: prepareLoss)
}

private enum LossReduction {
  case none, sum, mean

  init(_ facts: NodeFacts) throws(OperatorError) {
    switch try facts.string("reduction", default: "mean") {
    case "none": self = .none
    case "sum": self = .sum
    case "mean": self = .mean
    default: throw .attribute(name: "reduction", problem: "must be none, sum or mean")
    }
  }
}

private func inferLoss(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let x = try facts.input(0)
  let target = try facts.input(1)
  guard x.shape.rank >= 2 else {
    throw .rank(operand: "input", found: x.shape.rank, expected: "2 or more")
  }
  var expected = x.shape.dimensions
  expected.remove(at: 1)
  guard target.shape.dimensions == expected else {
    throw .shapeMismatch("the targets are \(target.shape), but must be \(Shape(expected))")
  }
  if facts.optionalInput(2) != nil { try facts.requireVector(2, count: x.shape[1]) }
  return [try facts.result(x.type, try LossReduction(facts) == .none ? expected : [])]
}

private func prepareLoss(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let x = try facts.input(0)
  let target = try facts.input(1)
  try facts.require(target, "target", among: [.int64, .int32])
  if let weight = facts.optionalInput(2) { try facts.require(weight, "weight", among: [x.type]) }
  let loss = Loss(
    count: target.count, classes: x.shape[1], inner: x.split(at: 1).inner,
    isWide: target.type == .int64, hasWeights: facts.optionalInput(2) != nil,
    ignored: facts.node.attributes["ignore_index"] == nil
      ? nil : Int64(try facts.int("ignore_index", default: 0)),
    reduction: try LossReduction(facts))
  switch x.type {
  case .float32: return Execution(kernel: "nll_loss") { loss.run($0, Float.self) }
  case .float64: return Execution(kernel: "nll_loss") { loss.run($0, Double.self) }
  default:
    throw .unsupportedType(operand: "input", found: x.type, supported: [.float32, .float64])
  }
}

private struct Loss {
  let count: Int
  let classes: Int
  let inner: Int
  let isWide: Bool
  let hasWeights: Bool
  let ignored: Int64?
  let reduction: LossReduction

  func run<T: RealElement>(_ operands: Operands, _: T.Type) {
    let x = operands.input(0, as: T.self)
    let y = operands.output(as: T.self)
    var sum = 0.0
    var weights = 0.0
    for i in 0..<count {
      let target =
        isWide
        ? operands.input(1, as: Int64.self)[i] : Int64(operands.input(1, as: Int32.self)[i])
      var (weight, loss): (T, T) = (0, 0)
      if target != ignored, target >= 0, target < classes {
        let index = Int(target)
        weight = hasWeights ? operands.input(2, as: T.self)[index] : 1
        loss = -x[(i / inner * classes + index) * inner + i % inner] * weight
      }
      if reduction == .none { y[i] = loss }
      sum += loss.asDouble
      weights += weight.asDouble
    }
    switch reduction {
    case .none: break
    case .sum: y[0] = T(sum)
    case .mean: y[0] = T(sum / weights)
    }
  }
}
