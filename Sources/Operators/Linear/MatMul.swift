import Kernels
import ModelFormat

extension Operator {
  /// Matrix products of stacks of matrices, broadcast as numpy's `matmul` does.
  ///
  /// A vector on the left counts as a row, one on the right as a column; its dimension is dropped from
  /// the result.
  static let matMul = Operator(
    "MatMul", since: 13, inputs: 2...2, infer: inferMatMul,
    multiplyAccumulates: matMulMultiplyAccumulates, prepare: prepareMatMul)
}

/// A MatMul as a list of matrix products.
private struct MatMulSizes {
  let m: Int
  let n: Int
  let k: Int
  let output: Shape
  /// For each product, the numbers of the matrices of a and b.
  let pairs: [(a: Int, b: Int)]

  init(_ facts: NodeFacts) throws(OperatorError) {
    let (a, b) = (try facts.input(0).shape, try facts.input(1).shape)
    guard a.rank >= 1, b.rank >= 1 else {
      throw .rank(operand: "an input", found: 0, expected: "1 or more")
    }
    let left = a.rank == 1 ? [1] + a.dimensions : a.dimensions
    let right = b.rank == 1 ? b.dimensions + [1] : b.dimensions
    (m, k, n) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
    guard right[right.count - 2] == k else {
      throw .shapeMismatch("\(a) and \(b) do not agree on the inner dimension")
    }
    let stack = max(left.count, right.count) - 2
    func padded(_ dimensions: [Int]) -> [Int] {
      [Int](repeating: 1, count: stack - (dimensions.count - 2)) + dimensions.dropLast(2)
    }
    let (aStack, bStack) = (padded(left), padded(right))
    var batch: [Int] = []
    for (x, y) in zip(aStack, bStack) {
      guard x == y || x == 1 || y == 1 else {
        throw .shapeMismatch("\(a) and \(b) do not broadcast")
      }
      batch.append(x == 1 ? y : x)
    }
    var result = batch
    if a.rank > 1 { result.append(m) }
    if b.rank > 1 { result.append(n) }
    output = Shape(result)
    guard output.checkedCount != nil, let products = Shape(batch).checkedCount,
      products <= 1 << 24
    else { throw .shapeMismatch("the output \(output) is too large") }
    var pairs: [(a: Int, b: Int)] = []
    pairs.reserveCapacity(products)
    let (aSteps, bSteps) = (Shape(aStack).strides, Shape(bStack).strides)
    let steps = Shape(batch).strides
    for product in 0..<products {
      var pair = (a: 0, b: 0)
      for axis in batch.indices {
        let position = product / steps[axis] % batch[axis]
        if aStack[axis] > 1 { pair.a += position * aSteps[axis] }
        if bStack[axis] > 1 { pair.b += position * bSteps[axis] }
      }
      pairs.append(pair)
    }
    self.pairs = pairs
  }
}

private func inferMatMul(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  [ValueFacts(type: try facts.input(0).type, shape: try MatMulSizes(facts).output)]
}

private func matMulMultiplyAccumulates(_ facts: NodeFacts) -> Int {
  (try? MatMulSizes(facts)).map { $0.m * $0.n * $0.k * $0.pairs.count } ?? 0
}

private func prepareMatMul(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  try facts.require(try facts.input(0), "input A", among: [.float32])
  try facts.require(try facts.input(1), "input B", among: [.float32])
  let sizes = try MatMulSizes(facts)
  let (m, n, k, pairs) = (sizes.m, sizes.n, sizes.k, sizes.pairs)
  let product = ProductF32(m: m, n: n, k: k)
  return Execution(kernel: "product_f32", scratchBytes: product.scratchBytes) { operands in
    let a: UnsafePointer<Float> = operands.input(0)
    let b: UnsafePointer<Float> = operands.input(1)
    let y: UnsafeMutablePointer<Float> = operands.output()
    for (index, pair) in pairs.enumerated() {
      product.run(
        a: a + pair.a * m * k, lda: k, b: b + pair.b * k * n, ldb: n, c: y + index * m * n, ldc: n,
        scratch: operands.scratch, pool: operands.pool)
    }
  }
}
