import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// MatMul: both operands, matrix by matrix; those of a matrix that is multiplied with several are summed
  /// in their order.
  static let matMul = Derivative("MatMul") { node throws(OperatorError) in
    try MatrixGradient(node).step(node)
  }
}

/// For c = a · b: the gradient of a is that of c · bᵀ, the gradient of b is aᵀ · that of c.
private struct MatrixGradient: Sendable {
  let m: Int, n: Int, k: Int
  /// The products, each with the number of its matrix in a, b and c; where one b serves all, they are one.
  let pairs: [(a: Int, b: Int)]
  let left: ProductF32, right: ProductF32

  init(_ node: TrainedNode) throws(OperatorError) {
    let sizes = try MatMulSizes(node.facts)
    guard !sizes.transposesA, !sizes.transposesB else {
      throw .unsupported("operands that lie transposed")
    }
    let isOne =
      sizes.pairs.count > 1
      && sizes.pairs.enumerated().allSatisfy { $0.element.b == 0 && $0.element.a == $0.offset }
    (n, k) = (sizes.n, sizes.k)
    m = isOne ? sizes.m * sizes.pairs.count : sizes.m
    pairs = isOne ? [(0, 0)] : sizes.pairs
    left = ProductF32(m: m, n: k, k: n, transposesB: true)
    right = ProductF32(m: k, n: n, k: m, transposesA: true)
  }

  func step(_ node: TrainedNode) -> TrainingStep {
    let count = max(m * k, k * n)
    let scratch = left.scratch.or(right.scratch).behind(count * 4 + 64)
    let kernels = GradientKernels.best
    return TrainingStep(
      readsInputs: (node.wants[1] ? [0] : []) + (node.wants[0] ? [1] : []), scratch: scratch
    ) { memory in
      let part = memory.scratch.assumingMemoryBound(to: Float.self)
      let rest = memory.scratch + ((count * 4 + 64 + 63) & ~63)
      func add(_ size: Int, to place: UnsafeMutablePointer<Float>) {
        memory.split(size) { range in
          kernels.accumulate(
            count: range.count, part + range.lowerBound, to: place + range.lowerBound)
        }
      }
      for (index, pair) in pairs.enumerated() {
        let gradient = memory.gradient() + index * m * n
        if let place = memory.place(0) {
          left.run(
            a: gradient, lda: n, b: memory.input(1) + pair.b * k * n, ldb: n, c: part, ldc: k,
            scratch: rest, pool: memory.pool)
          add(m * k, to: place.pointer + pair.a * m * k)
        }
        if let place = memory.place(1) {
          right.run(
            a: memory.input(0) + pair.a * m * k, lda: k, b: gradient, ldb: n, c: part, ldc: n,
            scratch: rest, pool: memory.pool)
          add(k * n, to: place.pointer + pair.b * k * n)
        }
      }
    }
  }
}
