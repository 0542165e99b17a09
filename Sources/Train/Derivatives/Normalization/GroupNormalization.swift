import ModelFormat
import Operators

extension Derivative {
  /// GroupNormalization: x, scale and bias (`RowNormalizationBack`).
  static let groupNormalization = Derivative("GroupNormalization") { node throws(OperatorError) in
    try groups(node, try node.facts.int("num_groups", default: 1))
  }

  /// The step of a normalization of so many groups of channels.
  static func groups(
    _ node: TrainedNode, _ groups: Int
  ) throws(OperatorError) -> TrainingStep {
    let x = try node.facts.input(0)
    let plane = x.shape.dimensions.dropFirst(2).reduce(1, *)
    guard groups > 0, x.count > 0 else { throw .unsupported("an empty input") }
    let rows = x.shape[0] * groups
    return RowNormalizationBack(
      rows: rows, size: x.count / rows, period: groups, run: plane, isScalar: false,
      epsilon: try node.facts.float("epsilon", default: 1e-5), isCentered: true
    ).step(hasBias: true)
  }
}
