import Kernels
import ModelFormat

extension Operator {
  /// ReduceLogSumExp: the logarithm of the sum of exponentials along the given axes.
  ///
  /// Inputs: data, and the axes, all where left out. Attributes: `keepdims` (1) and
  /// `noop_with_empty_axes` (0).
  static let reduceLogSumExp = Operator(
    "ReduceLogSumExp", since: 18, inputs: 1...2, layout: .follow,
    infer: { facts throws(OperatorError) in
      [try facts.reducedOutput(along: try facts.reducedAxes())]
    },
    prepare: { facts throws(OperatorError) in
      let x = try facts.input(0)
      switch x.type {
      case .float32: return logSumExp(try facts.reductionWalk(), Float.self)
      case .float64: return logSumExp(try facts.reductionWalk(), Double.self)
      default:
        throw .unsupportedType(operand: "input", found: x.type, supported: [.float32, .float64])
      }
    })
}

private func logSumExp<T: ReducibleElement & RealElement>(
  _ walk: ReductionWalk, _: T.Type
) -> Execution {
  Execution(kernel: "reduce_log_sum_exp") { operands in
    let x = operands.input(0, as: T.self)
    let y = operands.output(as: T.self)
    for index in 0..<walk.outputs {
      let first = x + walk.start(ofOutput: index)
      // Relative to the greatest term no exponential overflows.
      let greatest = walk.total(first, ReduceMaxFunction())
      let base = greatest.isFinite ? greatest : 0
      y[index] = base + T.logarithm(walk.total(first, ExponentialSum(base: base.asDouble)))
    }
  }
}

private struct ExponentialSum: ReductionFunction {
  let base: Double
  func start<T: ReducibleElement>(_: T.Type) -> T { T.zero }
  @inline(__always)
  func add<T: ReducibleElement>(_ total: T, _ x: T) -> T {
    T.sum(total, T.exponentialOf(T.difference(x, T(saturating: base))))
  }
  @inline(__always)
  func merge<T: ReducibleElement>(_ a: T, _ b: T) -> T { T.sum(a, b) }
}
