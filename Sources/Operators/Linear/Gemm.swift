import Kernels
import ModelFormat

extension Operator {
  /// Matrix product with a bias: `y = alpha · a · b + beta · c`.
  ///
  /// Attributes: `transA`, `transB`, `alpha`, `beta` as ONNX has them, and beyond it `activation` and
  /// `quantization` as Conv. With constant `b`, `transB` 1 and `transA` 0, `a` may have any rank of two
  /// or more: the product runs over its last dimension, and kernels pack `b` once.
  static let gemm = Operator(
    "Gemm", since: 13, inputs: 2...3, quantization: .integer, infer: inferGemm,
    multiplyAccumulates: gemmMultiplyAccumulates, productSizes: packedGemmSizes,
    prepare: prepareGemm)
}

/// What a Gemm multiplies.
private struct GemmSizes: Sendable {
  let m: Int
  let n: Int
  let k: Int
  let transposesA: Bool
  let transposesB: Bool
  let output: Shape

  init(_ facts: NodeFacts) throws(OperatorError) {
    let a = try facts.input(0).shape
    let b = try facts.input(1).shape
    transposesA = try facts.int("transA", default: 0) != 0
    transposesB = try facts.int("transB", default: 0) != 0
    guard a.rank == 2 || a.rank > 2 && !transposesA else {
      throw .rank(operand: "input A", found: a.rank, expected: "2")
    }
    guard b.rank == 2 else { throw .rank(operand: "input B", found: b.rank, expected: "2") }
    k = transposesA ? a[0] : a[a.rank - 1]
    m = transposesA ? a[1] : a.dimensions.dropLast().reduce(1, *)
    n = transposesB ? b[0] : b[1]
    guard (transposesB ? b[1] : b[0]) == k else {
      throw .shapeMismatch("A \(a) and B \(b) do not agree on the inner dimension")
    }
    output = transposesA ? [m, n] : Shape(a.dimensions.dropLast() + [n])
    guard output.checkedCount != nil else {
      throw .shapeMismatch("the output \(output) is too large")
    }
  }

  var geometry: ConvolutionGeometry {
    ConvolutionGeometry(inputHeight: 1, inputWidth: m, inputChannels: k, outputChannels: n)
  }
}

private func inferGemm(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let sizes = try GemmSizes(facts)
  if let c = facts.optionalInput(2)?.shape {
    let padded = [Int](repeating: 1, count: max(0, sizes.output.rank - c.rank)) + c.dimensions
    guard padded.count == sizes.output.rank,
      zip(padded, sizes.output.dimensions).allSatisfy({ $0 == 1 || $0 == $1 })
    else { throw .shapeMismatch("C \(c) does not broadcast to \(sizes.output)") }
    // One step leads from each row of C to the next: it has one row, or all of them.
    let rows = padded.dropLast()
    guard rows.allSatisfy({ $0 == 1 }) || rows == sizes.output.dimensions.dropLast() else {
      throw .shapeMismatch("C \(c) has neither one row nor those of \(sizes.output)")
    }
  }
  return [ValueFacts(type: try facts.input(0).type, shape: sizes.output)]
}

private func gemmMultiplyAccumulates(_ facts: NodeFacts) -> Int {
  (try? GemmSizes(facts)).map { .saturatingProduct($0.m, $0.n, $0.k) } ?? 0
}

/// The sizes of a Gemm whose weights are packed, or nil where they are not.
private func packedGemmSizes(_ facts: NodeFacts) throws(OperatorError) -> ConvolutionGeometry? {
  let sizes = try GemmSizes(facts)
  let bias = facts.optionalInput(2)
  let isBiasRow =
    bias == nil
    || bias?.constant != nil && bias?.count == sizes.n
      && bias?.shape.dimensions.last == sizes.n
  let isPackable = [.float32, .uint8].contains(try facts.input(0).type)
  guard try facts.input(1).constant != nil, isPackable, sizes.transposesB, !sizes.transposesA,
    try facts.float("alpha", default: 1) == 1, try facts.float("beta", default: 1) == 1, isBiasRow,
    sizes.k > 0
  else { return nil }
  return sizes.geometry
}

private func prepareGemm(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  if let geometry = try packedGemmSizes(facts) {
    return try PackedProduct(facts, geometry).execution(residual: nil)
  }
  return try prepareGeneralGemm(
    facts, try GemmSizes(facts), alpha: try facts.float("alpha", default: 1),
    beta: try facts.float("beta", default: 1))
}

/// A Gemm of matrices of other types than float32.
private struct GemmTask: NumberTask {
  let sizes: GemmSizes
  let alpha: Float
  let beta: Float
  /// How far one row and one column lead in C; nil where there is none.
  let bias: (row: Int, column: Int)?

  func callAsFunction<T: ReducibleElement>(_: T.Type) -> Execution {
    let (m, n, alpha, beta, bias) = (sizes.m, sizes.n, Double(alpha), Double(beta), bias)
    let product = PlainProduct<T>(
      m: m, n: n, k: sizes.k, transposesA: sizes.transposesA, transposesB: sizes.transposesB)
    return Execution(kernel: "product") { operands in
      let y = operands.output(as: T.self)
      product.run(operands.input(0), operands.input(1), to: y)
      for place in 0..<(m * n) {
        // Integers stay exact where nothing is scaled.
        if alpha != 1 { y[place] = T(saturating: alpha * y[place].asDouble) }
        guard let bias else { continue }
        let c = operands.input(2, as: T.self)[place / n * bias.row + place % n * bias.column]
        y[place] = T.sum(y[place], beta == 1 ? c : T(saturating: beta * c.asDouble))
      }
    }
  }
}

/// Any Gemm: the product first, then the rest element by element.
private func prepareGeneralGemm(
  _ facts: NodeFacts, _ sizes: GemmSizes, alpha: Float, beta: Float
) throws(OperatorError) -> Execution {
  let type = try facts.input(0).type
  try facts.require(try facts.input(1), "input B", among: [type])
  if let c = facts.optionalInput(2) { try facts.require(c, "input C", among: [type]) }
  let bounds = try facts.activationBounds()
  let product = ProductF32(
    m: sizes.m, n: sizes.n, k: sizes.k, transposesA: sizes.transposesA,
    transposesB: sizes.transposesB)
  let (m, n) = (sizes.m, sizes.n)
  let lda = sizes.transposesA ? m : sizes.k
  let ldb = sizes.transposesB ? sizes.k : n
  var steps = (row: 0, column: 0)
  let hasBias = facts.optionalInput(2) != nil
  if let c = facts.optionalInput(2)?.shape, c.count > 1 {
    let columns = c[c.rank - 1]
    steps = (row: c.count > columns ? columns : 0, column: columns > 1 ? 1 : 0)
  }
  let step = steps
  if type != .float32 {
    guard facts.node.attributes["activation"] == nil else {
      throw .unsupported("an activation needs float32")
    }
    let task = GemmTask(sizes: sizes, alpha: alpha, beta: beta, bias: hasBias ? step : nil)
    return try facts.input(0).perform(task, "input A")
  }
  return Execution(kernel: "product_f32", scratch: product.scratch) { operands in
    let y = operands.output(as: Float.self)
    product.run(
      a: operands.input(0), lda: lda, b: operands.input(1), ldb: ldb, c: y, ldc: n,
      scratch: operands.scratch, pool: operands.pool)
    for row in 0..<m {
      for column in 0..<n {
        var sum = alpha * y[row * n + column]
        if hasBias {
          let c: UnsafePointer<Float> = operands.input(2)
          sum += beta * c[row * step.row + column * step.column]
        }
        y[row * n + column] = min(max(sum, bounds.0), bounds.1)
      }
    }
  }
}
