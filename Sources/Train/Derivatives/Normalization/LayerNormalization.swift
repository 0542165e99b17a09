import ModelFormat
import Operators

extension Derivative {
  /// LayerNormalization: x, scale and bias (`RowNormalizationBack`); one output.
  static let layerNormalization = Derivative("LayerNormalization") { node throws(OperatorError) in
    guard node.facts.node.outputs.dropFirst().allSatisfy({ $0 == nil }) else {
      throw .unsupported("statistics as outputs")
    }
    return try rows(node, isCentered: true)
  }

  /// The step of a normalization of the dimensions from the axis of the node on.
  static func rows(
    _ node: TrainedNode, isCentered: Bool
  ) throws(OperatorError) -> TrainingStep {
    let x = try node.facts.input(0)
    let size = x.shape.dimensions[try node.facts.normalizedAxis()...].reduce(1, *)
    let scale = try node.facts.input(1)
    let bias = node.facts.optionalInput(2)
    guard size > 0, bias == nil || bias?.count == scale.count || !node.wants[2] else {
      throw .unsupported("a trained bias of another shape than the scale")
    }
    return RowNormalizationBack(
      rows: x.count / size, size: size, period: 1, run: scale.count == 1 ? size : 1,
      isScalar: scale.count == 1, epsilon: try node.facts.float("epsilon", default: 1e-5),
      isCentered: isCentered
    ).step(hasBias: bias != nil)
  }
}
