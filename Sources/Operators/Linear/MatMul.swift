import Kernels
import ModelFormat

extension Operator {
  /// Matrix products of stacks of matrices, broadcast as numpy's `matmul` does.
  ///
  /// A vector on the left counts as a row, one on the right as a column; its dimension is dropped from
  /// the result. Integers wrap around.
  static let matMul = Operator(
    "MatMul", since: 13, inputs: 2...2, infer: inferMatMul,
    multiplyAccumulates: matMulMultiplyAccumulates, prepare: prepareMatMul)
}

/// A MatMul as a list of matrix products.
package struct MatMulSizes: Sendable {
  /// Rows, columns, and products in each sum.
  package let m: Int, n: Int, k: Int
  /// Whether matrices of a or b lie transposed, by the attributes `transA` and `transB`,
  /// which FusedMatMul alone has.
  package let transposesA: Bool, transposesB: Bool
  let output: Shape
  /// For each product, the numbers of the matrices of a and b.
  package let pairs: [(a: Int, b: Int)]

  /// The sizes of a node.
  package init(_ facts: NodeFacts) throws(OperatorError) {
    let (a, b) = (try facts.input(0).shape, try facts.input(1).shape)
    guard a.rank >= 1, b.rank >= 1 else {
      throw .rank(operand: "an input", found: 0, expected: "1 or more")
    }
    let (transA, transB) = (
      try facts.int("transA", default: 0) != 0, try facts.int("transB", default: 0) != 0
    )
    // A vector is the same either way.
    transposesA = a.rank > 1 && transA
    transposesB = b.rank > 1 && transB
    var left = a.rank == 1 ? [1] + a.dimensions : a.dimensions
    var right = b.rank == 1 ? b.dimensions + [1] : b.dimensions
    if transposesA { left.swapAt(left.count - 2, left.count - 1) }
    if transposesB { right.swapAt(right.count - 2, right.count - 1) }
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

func inferMatMul(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let a = try facts.input(0)
  try facts.require(try facts.input(1), "input B", among: [a.type])
  return [ValueFacts(type: a.type, shape: try MatMulSizes(facts).output)]
}

func matMulMultiplyAccumulates(_ facts: NodeFacts) -> Int {
  (try? MatMulSizes(facts)).map { .saturatingProduct($0.m, $0.n, $0.k, $0.pairs.count) } ?? 0
}

func prepareMatMul(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let a = try facts.input(0)
  let sizes = try MatMulSizes(facts)
  guard a.type == .float32 else { return try a.perform(MatMulTask(sizes: sizes), "input A") }
  let (m, n, k, pairs) = (sizes.m, sizes.n, sizes.k, sizes.pairs)
  let product = ProductF32(
    m: m, n: n, k: k, transposesA: sizes.transposesA, transposesB: sizes.transposesB)
  let lda = sizes.transposesA ? m : k
  let ldb = sizes.transposesB ? k : n
  return Execution(kernel: "product_f32", scratch: product.scratch) { operands in
    let a: UnsafePointer<Float> = operands.input(0)
    let b: UnsafePointer<Float> = operands.input(1)
    let y: UnsafeMutablePointer<Float> = operands.output()
    for (index, pair) in pairs.enumerated() {
      product.run(
        a: a + pair.a * m * k, lda: lda, b: b + pair.b * k * n, ldb: ldb, c: y + index * m * n,
        ldc: n, scratch: operands.scratch, pool: operands.pool)
    }
  }
}

/// Products of matrices of other types, one a thread.
private struct MatMulTask: NumberTask {
  let sizes: MatMulSizes

  func callAsFunction<T: ReducibleElement>(_: T.Type) -> Execution {
    let (m, n, k, pairs) = (sizes.m, sizes.n, sizes.k, sizes.pairs)
    let product = PlainProduct<T>(
      m: m, n: n, k: k, transposesA: sizes.transposesA, transposesB: sizes.transposesB)
    return Execution(kernel: "product") { operands in
      operands.split(pairs.count, grain: 1) { range in
        for index in range {
          product.run(
            operands.input(0) + pairs[index].a * m * k, operands.input(1) + pairs[index].b * k * n,
            to: operands.output() + index * m * n)
        }
      }
    }
  }
}
