import Kernels
import ModelFormat

extension Operator {
  /// Einsum: sums of products along named dimensions, as `equation` says.
  ///
  /// Any number of operands of one type: float32 (products by the kernels of MatMul), float64, int32 or
  /// int64. Letters may repeat within an operand; an ellipsis stands for dimensions that broadcast.
  /// Products are formed from the left to the right.
  static let einsum = Operator(
    "Einsum", since: 12, inputs: 1...Limits.operands,
    infer: { facts throws(OperatorError) in
      let type = try facts.input(0).type
      for index in facts.inputs.indices {
        try facts.require(try facts.input(index), "input \(index)", among: [type])
      }
      return [try facts.result(type, try EinsumPlan(facts).shape)]
    },
    multiplyAccumulates: { facts in (try? EinsumPlan(facts))?.multiplyAccumulates ?? 0 },
    prepare: prepareEinsum)
}

private func prepareEinsum(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  try facts.require(data, "input 0", among: [.float32, .float64, .int32, .int64])
  if try facts.output().count == 0 { return .nothing }
  let plan = try EinsumPlan(facts)
  let start = plan.scratchElements * data.type.size
  switch data.type {
  case .float32: return floatEinsum(plan, start)
  case .float64:
    return Execution(kernel: "einsum", scratchBytes: start) { plan.run(Double.self, $0) }
  case .int32: return Execution(kernel: "einsum", scratchBytes: start) { plan.run(Int32.self, $0) }
  default: return Execution(kernel: "einsum", scratchBytes: start) { plan.run(Int64.self, $0) }
  }
}

/// A float32 Einsum, whose products are those of MatMul.
private func floatEinsum(_ plan: EinsumPlan, _ start: Int) -> Execution {
  let products = plan.steps.map { step -> ProductF32? in
    guard case .product(_, _, _, _, let m, let n, let k) = step else { return nil }
    return ProductF32(m: m, n: n, k: k)
  }
  var scratch = ScratchSize()
  for case let product? in products { scratch = scratch.or(product.scratch) }
  return Execution(kernel: "product_f32", scratch: scratch.behind(start)) { operands in
    for index in plan.steps.indices {
      switch plan.steps[index] {
      case .gather(let from, let to, let kept, let summed):
        plan.gather(Float.self, operands, from, to, kept, summed)
      case .product(let a, let b, let to, let batch, let m, let n, let k):
        guard let product = products[index] else { continue }
        let a = plan.pointer(a, operands, Float.self)
        let b = plan.pointer(b, operands, Float.self)
        let c = plan.pointer(to, operands, Float.self)
        for item in 0..<batch {
          product.run(
            a: a + item * m * k, lda: k, b: b + item * k * n, ldb: n, c: c + item * m * n, ldc: n,
            scratch: operands.scratch + start, pool: operands.pool)
        }
      }
    }
  }
}

extension EinsumPlan {
  /// The first element at a place.
  @inline(__always)
  func pointer<T>(_ place: Place, _ operands: Operands, _: T.Type) -> UnsafeMutablePointer<T> {
    switch place {
    case .input(let index): UnsafeMutablePointer(mutating: operands.input(index, as: T.self))
    case .scratch(let start): operands.scratch.assumingMemoryBound(to: T.self) + start
    case .output: operands.output(as: T.self)
    }
  }

  /// Runs all steps one element after the other.
  func run<T: NumberElement>(_: T.Type, _ operands: Operands) {
    for index in steps.indices {
      switch steps[index] {
      case .gather(let from, let to, let kept, let summed):
        gather(T.self, operands, from, to, kept, summed)
      case .product(let a, let b, let to, let batch, let m, let n, let k):
        let a = pointer(a, operands, T.self)
        let b = pointer(b, operands, T.self)
        let c = pointer(to, operands, T.self)
        for row in 0..<(batch * m) {
          let right = b + row / m * k * n
          for column in 0..<n {
            var sum = T.zero
            for i in 0..<k {
              sum = T.sum(sum, T.product(a[row * k + i], right[i * n + column]))
            }
            c[row * n + column] = sum
          }
        }
      }
    }
  }

  /// Copies a strided view to dense memory, summing over some dimensions.
  func gather<T: NumberElement>(
    _: T.Type, _ operands: Operands, _ from: Place, _ to: Place,
    _ kept: [(extent: Int, stride: Int)], _ summed: [(extent: Int, stride: Int)]
  ) {
    let from = pointer(from, operands, T.self)
    let to = pointer(to, operands, T.self)
    var place = 0
    EinsumPlan.walk(kept, 0, 0) { offset in
      var sum = T.zero
      EinsumPlan.walk(summed, 0, offset) { sum = T.sum(sum, from[$0]) }
      to[place] = sum
      place += 1
    }
  }

  /// Calls `body` with the offset of each element of a view, in order.
  private static func walk(
    _ dimensions: [(extent: Int, stride: Int)], _ level: Int, _ offset: Int, _ body: (Int) -> Void
  ) {
    if level == dimensions.count { return body(offset) }
    let (extent, stride) = dimensions[level]
    for i in 0..<extent { walk(dimensions, level + 1, offset + i * stride, body) }
  }
}
