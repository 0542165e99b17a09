import ModelFormat

extension ImportRule {
  /// FusedMatMul: a product of matrices that may be transposed, times `alpha`.
  ///
  /// Constant weights become those of a MatMul or a Gemm, which are pruned and quantized.
  static let fusedMatMul = ImportRule { draft, builder throws(ImportProblem) in
    for key in ["transBatchA", "transBatchB"] {
      guard try draft.int(key) ?? 0 == 0 else { throw draft.unsupported("\(key) is not supported") }
      draft.attributes[key] = nil
    }
    let transposesA = try draft.int("transA") ?? 0 != 0
    let transposesB = try draft.int("transB") ?? 0 != 0
    let weights = draft.input(1).flatMap { builder.graph[$0].constant }
    guard !transposesA, !transposesB || weights?.shape.rank == 2 else {
      draft.op = "com.microsoft.FusedMatMul"
      return
    }
    let alpha = try draft.float("alpha") ?? 1
    draft.op = transposesB ? "Gemm" : "MatMul"
    draft.attributes = transposesB ? ["transB": .int(1)] : [:]
    guard alpha != 1 else { return }
    let product = builder.node(
      draft.op, before: draft, draft.inputs, "product", try draft.plainAttributes())
    let factor = builder.constant(Tensor([alpha], shape: []), draft, "alpha")
    draft.op = "Mul"
    draft.inputs = [product, factor]
    draft.attributes = [:]
  }
}
