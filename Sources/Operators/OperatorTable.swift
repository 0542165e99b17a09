extension Operator {
  /// Every operator, one a line of its family below.
  public static let table: [Operator] = [
    attentionOperators,
    convolutionOperators,
    controlFlowOperators,
    elementwiseFunctionsOperators,
    elementwiseCombinationsOperators,
    detectionOperators,
    einsumOperators,
    indexingOperators,
    linearOperators,
    lossesOperators,
    poolingOperators,
    quantizationOperators,
    recurrentOperators,
    resizingOperators,
    samplingOperators,
    shapingOperators,
    signalOperators,
    normalizationOperators,
    reductionsOperators,
  ].flatMap { $0 }

  // Families are arrays of their own, since the time to compile a literal grows with its square.

  /// Attention.
  private static let attentionOperators: [Operator] = [
    .attention,
    .rotaryEmbedding,
  ]

  /// Convolution.
  private static let convolutionOperators: [Operator] = [
    .conv,
    .convTranspose,
  ]

  /// Control flow.
  private static let controlFlowOperators: [Operator] = [
    .if,
    .loop,
    .scan,
  ]

  /// Functions of one element.
  private static let elementwiseFunctionsOperators: [Operator] = [
    .abs,
    .acos,
    .acosh,
    .asin,
    .asinh,
    .atan,
    .atanh,
    .bitwiseNot,
    .cast,
    .ceil,
    .celu,
    .clip,
    .cos,
    .cosh,
    .dropout,
    .elu,
    .erf,
    .exp,
    .floor,
    .gelu,
    .hardSigmoid,
    .hardSwish,
    .identity,
    .isInf,
    .isNaN,
    .leakyRelu,
    .log,
    .mish,
    .neg,
    .not,
    .reciprocal,
    .relu,
    .round,
    .selu,
    .shrink,
    .sigmoid,
    .sign,
    .sin,
    .sinh,
    .softplus,
    .softsign,
    .sqrt,
    .swish,
    .tan,
    .tanh,
    .thresholdedRelu,
  ]

  /// Elementwise, of several operands.
  private static let elementwiseCombinationsOperators: [Operator] = [
    .add,
    .and,
    .bitShift,
    .bitwiseAnd,
    .bitwiseOr,
    .bitwiseXor,
    .castLike,
    .div,
    .equal,
    .greater,
    .greaterOrEqual,
    .less,
    .lessOrEqual,
    .max,
    .mean,
    .min,
    .mod,
    .mul,
    .or,
    .pRelu,
    .pow,
    .sub,
    .sum,
    .where,
    .xor,
  ]

  /// Detection.
  private static let detectionOperators: [Operator] = [
    .maxRoiPool,
    .nonMaxSuppression,
    .roiAlign,
  ]

  /// Einsum.
  private static let einsumOperators: [Operator] = [
    .einsum
  ]

  /// Indexing.
  private static let indexingOperators: [Operator] = [
    .compress,
    .concat,
    .cumSum,
    .gather,
    .gatherElements,
    .gatherND,
    .nonZero,
    .oneHot,
    .pad,
    .reverseSequence,
    .scatterElements,
    .scatterND,
    .slice,
    .split,
    .tensorScatter,
    .topK,
    .trilu,
    .unique,
  ]

  /// Linear.
  private static let linearOperators: [Operator] = [
    .det,
    .fusedMatMul,
    .gemm,
    .matMul,
    .matMulNBits,
  ]

  /// Losses.
  private static let lossesOperators: [Operator] = [
    .negativeLogLikelihoodLoss
  ]

  /// Pooling.
  private static let poolingOperators: [Operator] = [
    .averagePool,
    .globalAveragePool,
    .globalLpPool,
    .globalMaxPool,
    .lpPool,
    .maxPool,
    .maxUnpool,
  ]

  /// Quantization.
  private static let quantizationOperators: [Operator] = [
    .convInteger,
    .dequantizeLinear,
    .dynamicQuantizeLinear,
    .matMulInteger,
    .qLinearConv,
    .qLinearMatMul,
    .quantizeLinear,
  ]

  /// Recurrent.
  private static let recurrentOperators: [Operator] = [
    .gru,
    .lstm,
    .rnn,
  ]

  /// Resizing.
  private static let resizingOperators: [Operator] = [
    .resize
  ]

  /// Sampling.
  private static let samplingOperators: [Operator] = [
    .affineGrid,
    .gridSample,
  ]

  /// Shaping.
  private static let shapingOperators: [Operator] = [
    .centerCropPad,
    .col2Im,
    .constantOfShape,
    .depthToSpace,
    .expand,
    .eyeLike,
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

  /// Signal.
  private static let signalOperators: [Operator] = [
    .blackmanWindow,
    .dft,
    .hammingWindow,
    .hannWindow,
    .melWeightMatrix,
    .stft,
  ]

  /// Normalization.
  private static let normalizationOperators: [Operator] = [
    .batchNormalization,
    .groupNormalization,
    .hardmax,
    .instanceNormalization,
    .layerNormalization,
    .logSoftmax,
    .lpNormalization,
    .lrn,
    .rmsNormalization,
    .softmax,
  ]

  /// Reductions.
  private static let reductionsOperators: [Operator] = [
    .argMax,
    .argMin,
    .reduceL1,
    .reduceL2,
    .reduceLogSum,
    .reduceLogSumExp,
    .reduceMax,
    .reduceMean,
    .reduceMin,
    .reduceProd,
    .reduceSum,
    .reduceSumSquare,
  ]

  /// Where the operators stand in the table, by name.
  private static let places = {
    var places = [String: Int](minimumCapacity: table.count)
    for index in table.indices { places[table[index].name] = index }
    return places
  }()

  /// The operator called `name`, or nil.
  public static func named(_ name: String) -> Operator? { places[name].map { table[$0] } }
}
