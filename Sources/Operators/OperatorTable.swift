extension Operator {
  /// Every operator, one a line.
  public static let table: [Operator] = [
    // Convolution
    .convTranspose,
    // Elementwise
    .relu,
    // Indexing
    .concat,
    .cumSum,
    .gather,
    .gatherElements,
    .gatherND,
    .oneHot,
    .pad,
    .scatterElements,
    .scatterND,
    .slice,
    .split,
    .topK,
    .trilu,
    // Pooling
    .averagePool,
    .globalAveragePool,
    .globalMaxPool,
    .maxPool,
    // Quantization
    .convInteger,
    .dequantizeLinear,
    .dynamicQuantizeLinear,
    .matMulInteger,
    .qLinearConv,
    .qLinearMatMul,
    .quantizeLinear,
    // Resizing
    .resize,
    // Shaping
    .constantOfShape,
    .depthToSpace,
    .expand,
    .flatten,
    .range,
    .reshape,
    .shape,
    .size,
    .spaceToDepth,
    .squeeze,
    .tile,
    .transpose,
    .unsqueeze,
  ]

  /// The operators by name.
  private static let byName = Dictionary(
    table.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

  /// The operator called `name`, or nil.
  public static func named(_ name: String) -> Operator? { byName[name] }
}
