import ModelFormat

extension Operator {
  /// AveragePool: the mean of each window.
  ///
  /// Input: an image of one to three spatial dimensions. Attributes: those of `SpatialWindow`,
  /// `ceil_mode`, and `count_include_pad` (default 0: the mean of what meets the input). A uint8 result
  /// is exact before its one rounding.
  static let averagePool = Operator(
    "AveragePool", since: 22, inputs: 1...1, layout: .channelsLast, quantization: .integer,
    infer: { facts throws(OperatorError) in
      _ = try facts.int("count_include_pad", default: 0)
      return [try facts.pooled(try facts.poolWindow().outputs, keepsQuantization: false)]
    },
    scans: { $0.windowScans },
    prepare: { facts throws(OperatorError) in
      try facts.averagePooling(
        try facts.poolWindow(),
        countsPadding: try facts.int("count_include_pad", default: 0) != 0)
    })
}
