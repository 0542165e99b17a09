import ModelFormat

/// The operators that can be written as ONNX, and how.
enum ExportTable {
  /// One operator: the first operator set that has the form that the rule writes.
  struct Row: Sendable {
    let op: String
    let since: Int
    let rule: ExportRule
    /// Whether operands and results are taken as they are: the node itself changes their type.
    var isRaw = false
    /// Whether the rule looks after constant weights and biases itself.
    var takesWeights = false

    init(
      _ op: String, _ since: Int = 13, _ rule: ExportRule = .same, isRaw: Bool = false,
      takesWeights: Bool = false
    ) {
      self.op = op
      self.since = since
      self.rule = rule
      self.isRaw = isRaw
      self.takesWeights = takesWeights
    }
  }

  /// Operators whose present form all operator sets have that can be written.
  private static let plain = [
    "Abs", "Acos", "Acosh", "Add", "And", "ArgMax", "ArgMin", "Asin", "Asinh", "Atan", "Atanh",
    "AveragePool", "BitShift", "Ceil", "Celu", "Clip", "Compress", "Concat", "ConvTranspose", "Cos",
    "Cosh", "CumSum", "DepthToSpace", "Det", "Div", "Einsum", "Elu", "Equal", "Erf", "Exp",
    "Expand",
    "EyeLike", "Flatten", "Floor", "GRU", "Gather", "GatherElements", "GatherND",
    "GlobalAveragePool", "GlobalMaxPool", "Greater", "GreaterOrEqual", "HardSigmoid", "Hardmax",
    "Identity", "InstanceNormalization", "IsInf", "IsNaN", "LRN", "LSTM", "LeakyRelu", "Less",
    "LessOrEqual", "Log", "LogSoftmax", "LpNormalization", "LpPool", "MatMul", "Max", "MaxPool",
    "MaxRoiPool", "MaxUnpool", "Mean", "Min", "Mod", "Mul", "Neg", "NegativeLogLikelihoodLoss",
    "NonMaxSuppression", "NonZero", "Not", "OneHot", "Or", "PRelu", "Pow", "RNN", "Range",
    "Reciprocal", "Relu", "Reshape", "ReverseSequence", "Round", "Selu", "Shrink", "Sigmoid",
    "Sign",
    "Sin", "Sinh", "Slice", "Softmax", "Softplus", "Softsign", "SpaceToDepth", "Sqrt", "Sub", "Sum",
    "Squeeze", "Tan", "Tanh", "ThresholdedRelu", "Tile", "TopK", "Transpose", "Unique", "Unsqueeze",
    "Where", "Xor",
  ].map { Row($0) }

  /// Operators that came later, in a form that has not changed since.
  private static let later = [
    Row("AffineGrid", 20),
    Row("BitwiseAnd", 18),
    Row("BitwiseNot", 18),
    Row("BitwiseOr", 18),
    Row("BitwiseXor", 18),
    Row("BlackmanWindow", 17),
    Row("CenterCropPad", 18),
    Row("Col2Im", 18),
    Row("DFT", 20),
    Row("HammingWindow", 17),
    Row("HannWindow", 17),
    Row("MelWeightMatrix", 17),
    Row("RoiAlign", 16),
    Row("RotaryEmbedding", 23),
    Row("STFT", 17),
    Row("TensorScatter", 24),
    Row("Trilu", 14),
  ]

  /// Operators that are spelled out, or whose form depends on the operator set.
  private static let ruled = [
    Row("Attention", 13, .attention),
    Row("BatchNormalization", 13, .batchNormalization),
    Row("Cast", 13, .cast),
    Row("CastLike", 13, .castLike),
    Row("ConstantOfShape", 13, .constantOfShape),
    Row("Conv", 13, .conv, takesWeights: true),
    Row("ConvInteger", 13, isRaw: true),
    Row("DequantizeLinear", 13, .quantizationStep, isRaw: true),
    Row("Dropout", 13, .dropout),
    Row("DynamicQuantizeLinear", 13, isRaw: true),
    Row("Gelu", 13, .gelu),
    Row("Gemm", 13, .gemm, takesWeights: true),
    Row("GlobalLpPool", 13),
    Row("GridSample", 16, .gridSample),
    Row("GroupNormalization", 13, .groupNormalization),
    Row("HardSwish", 13, .hardSwish),
    Row("If", 13),
    Row("LayerNormalization", 13, .layerNormalization),
    Row("Loop", 13),
    Row("MatMulInteger", 13, isRaw: true),
    Row("Mish", 13, .mish),
    Row("Pad", 13, .pad),
    Row("QLinearConv", 13, isRaw: true),
    Row("QLinearMatMul", 13, isRaw: true),
    Row("QuantizeLinear", 13, .quantizationStep, isRaw: true),
    Row("RMSNormalization", 13, .rmsNormalization),
    Row("ReduceL1", 13, .reduction(since: 18)),
    Row("ReduceL2", 13, .reduction(since: 18)),
    Row("ReduceLogSum", 13, .reduction(since: 18)),
    Row("ReduceLogSumExp", 13, .reduction(since: 18)),
    Row("ReduceMax", 13, .reduction(since: 18)),
    Row("ReduceMean", 13, .reduction(since: 18)),
    Row("ReduceMin", 13, .reduction(since: 18)),
    Row("ReduceProd", 13, .reduction(since: 18)),
    Row("ReduceSum", 13, .reduction(since: 13)),
    Row("ReduceSumSquare", 13, .reduction(since: 18)),
    Row("Resize", 13, .resize),
    Row("Scan", 13),
    Row("ScatterElements", 13, .scatter),
    Row("ScatterND", 13, .scatter),
    Row("Shape", 13, .shape, isRaw: true),
    Row("Size", 13, isRaw: true),
    Row("Split", 13, .split),
    Row("Swish", 13, .swish),
    Row("com.microsoft.FusedMatMul", 13, .fusedMatMul),
    Row("com.microsoft.MatMulNBits", 13, .matMulNBits, isRaw: true),
  ]

  /// Attributes that came after opset 13, and what they say where they are left out.
  static let laterAttributes: [(op: String, name: String, since: Int, plain: Attribute)] = [
    ("AveragePool", "dilations", 19, .int(1)),
    ("GRU", "layout", 14, .int(0)),
    ("LSTM", "layout", 14, .int(0)),
    ("LpPool", "ceil_mode", 18, .int(0)),
    ("LpPool", "dilations", 18, .int(1)),
    ("RNN", "layout", 14, .int(0)),
    ("Reshape", "allowzero", 14, .int(0)),
    ("SpaceToDepth", "mode", 28, .string("DCR")),
  ]

  private static let byName = Dictionary(
    (plain + later + ruled).map { ($0.op, $0) }, uniquingKeysWith: { first, _ in first })

  /// Every operator that can be written, by name.
  static var operators: [String] { byName.keys.sorted() }

  /// The row of an operator.
  static func row(_ op: String) -> Row? { byName[op] }
}
