import ModelFormat

extension Operator {
  /// GlobalMaxPool: the largest element of each channel.
  static let globalMaxPool = Operator(
    "GlobalMaxPool", since: 22, inputs: 1...1, layout: .channelsLast, quantization: .passthrough,
    infer: { facts throws(OperatorError) in
      [try facts.pooled(try facts.spatialExtents().map { _ in 1 }, keepsQuantization: true)]
    },
    prepare: { facts throws(OperatorError) in
      try facts.maximumPooling(SpatialWindow(covering: try facts.spatialExtents()))
    })
}
