import ModelFormat

extension ImportRule {
  /// MeanVarianceNormalization: `(x - mean) / (sqrt(variance) + 1e-9)` over `axes` (by default 0, 2 and
  /// 3), as the operators that ONNX defines it by.
  static let meanVarianceNormalization = ImportRule { draft, builder throws(ImportProblem) in
    let x = draft.input(0)
    let axes = builder.constant(
      Tensor(try draft.ints("axes") ?? [0, 2, 3]), draft, "axes")
    let mean = builder.node("ReduceMean", before: draft, [x, axes], "mean")
    let centred = builder.node("Sub", before: draft, [x, mean], "centred")
    let squares = builder.node("Mul", before: draft, [centred, centred], "squares")
    let variance = builder.node("ReduceMean", before: draft, [squares, axes], "variance")
    let deviation = builder.node("Sqrt", before: draft, [variance], "deviation")
    let least = builder.constant(Tensor([1e-9 as Float], shape: []), draft, "least")
    let divisor = builder.node("Add", before: draft, [deviation, least], "divisor")
    draft.op = "Div"
    draft.inputs = [centred, divisor]
    draft.attributes = [:]
  }
}
