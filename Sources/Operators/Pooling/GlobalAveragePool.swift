import ModelFormat

extension Operator {
  /// GlobalAveragePool: the mean of each channel.
  static let globalAveragePool = Operator(
    "GlobalAveragePool", since: 22, inputs: 1...1, layout: .channelsLast, quantization: .integer,
    infer: { facts throws(OperatorError) in
      [try facts.pooled(try facts.spatialExtents().map { _ in 1 }, keepsQuantization: false)]
    },
    prepare: { facts throws(OperatorError) in
      try facts.averagePooling(
        SpatialWindow(covering: try facts.spatialExtents()), countsPadding: false)
    })
}
