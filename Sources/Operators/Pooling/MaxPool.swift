import ModelFormat

extension Operator {
  /// MaxPool: the largest element of each window; padding takes no part.
  ///
  /// Input: an image of one to three spatial dimensions. Outputs: the elements, and where each stands
  /// in the flattened row-major input (int64, optional). Attributes: those of `SpatialWindow`,
  /// `ceil_mode`, and `storage_order`: 1 counts the places of a channel with the first spatial
  /// dimension innermost.
  static let maxPool = Operator(
    "MaxPool", since: 22, inputs: 1...1, outputs: 1...2, layout: .channelsLast,
    quantization: .passthrough, infer: inferMaxPool, scans: { $0.windowScans },
    prepare: { facts throws(OperatorError) in
      let window = try facts.poolWindow()
      guard facts.wantsOutput(1) else { return try facts.maximumPooling(window) }
      let order = try facts.int("storage_order", default: 0)
      guard order == 0 || order == 1 else {
        throw .attribute(name: "storage_order", problem: "is \(order), but must be 0 or 1")
      }
      return try facts.maximumPlaces(window, firstInnermost: order == 1)
    })
}

private func inferMaxPool(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let result = try facts.pooled(try facts.poolWindow().outputs, keepsQuantization: true)
  guard facts.node.outputs.count > 1 else { return [result] }
  let places = try facts.result(.int64, result.shape.dimensions, layout: result.layout)
  return [result, places]
}
