import ModelFormat

extension Operator {
  /// MaxPool: the largest element of each window; padding takes no part.
  ///
  /// Input: an image of one to three spatial dimensions. Attributes: those of `SpatialWindow`, and
  /// `ceil_mode`. The second output of ONNX, the indices, is not supported.
  static let maxPool = Operator(
    "MaxPool", since: 22, inputs: 1...1, outputs: 1...2, layout: .channelsLast,
    quantization: .passthrough, infer: inferMaxPool,
    prepare: { facts throws(OperatorError) in
      try facts.maximumPooling(try facts.poolWindow())
    })
}

private func inferMaxPool(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  if facts.node.outputs.count > 1, facts.node.outputs[1] != nil {
    throw .unsupported("asks for the indices of the largest elements, which are not supported")
  }
  return [try facts.pooled(try facts.poolWindow().outputs, keepsQuantization: true)]
}
