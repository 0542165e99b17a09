import Kernels
import ModelFormat

/// What a reduction does with the elements that make one output.
protocol ReductionFunction: Sendable {
  /// The total of no elements.
  func start<T: ReducibleElement>(_: T.Type) -> T
  /// The total with one more element.
  func add<T: ReducibleElement>(_ total: T, _ x: T) -> T
  /// The total of two totals.
  func merge<T: ReducibleElement>(_ a: T, _ b: T) -> T
  /// The output for the total of `count` elements.
  func finish<T: ReducibleElement>(_ total: T, _ count: Int) -> T
}

extension ReductionFunction {
  func merge<T: ReducibleElement>(_ a: T, _ b: T) -> T { add(a, b) }
  func finish<T: ReducibleElement>(_ total: T, _ count: Int) -> T { total }
}

/// A number that reductions take; integers go through Double where a function is one of reals.
protocol ReducibleElement: NumberElement {
  /// The square root.
  static func rootOf(_ x: Self) -> Self
  /// The natural logarithm.
  static func logarithmOf(_ x: Self) -> Self
  /// e to the power of `x`.
  static func exponentialOf(_ x: Self) -> Self
}

extension ReducibleElement where Self: RealElement {
  static func rootOf(_ x: Self) -> Self { x.squareRoot() }
  static func logarithmOf(_ x: Self) -> Self { logarithm(x) }
  static func exponentialOf(_ x: Self) -> Self { exponential(x) }
}

extension ReducibleElement where Self: FixedWidthInteger {
  static func rootOf(_ x: Self) -> Self { Self(saturating: x.asDouble.squareRoot()) }
  static func logarithmOf(_ x: Self) -> Self { Self(saturating: .logarithm(x.asDouble)) }
  static func exponentialOf(_ x: Self) -> Self { Self(saturating: .exponential(x.asDouble)) }
}

extension Float: ReducibleElement {}
extension Double: ReducibleElement {}
extension Int64: ReducibleElement {}
extension Int32: ReducibleElement {}
extension Int16: ReducibleElement {}
extension Int8: ReducibleElement {}
extension UInt64: ReducibleElement {}
extension UInt32: ReducibleElement {}
extension UInt16: ReducibleElement {}
extension UInt8: ReducibleElement {}

extension NodeFacts {
  /// The axes that a reduction reduces: input 1, or all where there are none.
  ///
  /// With the attribute `noop_with_empty_axes`, no axes means none.
  package func reducedAxes() throws(OperatorError) -> Set<Int> {
    let rank = try input(0).shape.rank
    let given = try constantIntegers(1, "axes") ?? []
    if given.isEmpty {
      return try int("noop_with_empty_axes", default: 0) != 0 ? [] : Set(0..<rank)
    }
    var axes: Set<Int> = []
    for number in given { axes.insert(try axis(number, rank: rank)) }
    return axes
  }

  /// The output's facts for a reduction along `axes`.
  func reducedOutput(
    along axes: Set<Int>, type: ElementType? = nil
  ) throws(OperatorError) -> ValueFacts {
    let x = try input(0)
    let keepsDimensions = try int("keepdims", default: 1) != 0
    var dimensions: [Int] = []
    for axis in 0..<x.shape.rank {
      if !axes.contains(axis) {
        dimensions.append(x.shape[axis])
      } else if keepsDimensions {
        dimensions.append(1)
      }
    }
    guard Shape(dimensions).checkedCount != nil else {
      throw .shapeMismatch("the result \(Shape(dimensions)) is too large")
    }
    return ValueFacts(
      type: type ?? x.type, shape: Shape(dimensions),
      layout: dimensions.count == 4 ? x.layout : .rowMajor,
      quantization: type == nil ? x.quantization : nil)
  }

  /// The walk for this reduction.
  func reductionWalk() throws(OperatorError) -> ReductionWalk {
    ReductionWalk(try input(0), along: try reducedAxes(), to: try output())
  }

  /// An execution that reduces numbers.
  func reducing<F: ReductionFunction>(
    _ kernel: String, _ function: F
  ) throws(OperatorError) -> Execution {
    let x = try input(0)
    guard x.quantization == nil else { throw .unsupported("a quantized input is not supported") }
    return try x.perform(
      ReductionTask(kernel: kernel, walk: try reductionWalk(), function: function))
  }

  /// An execution that chooses among elements, which may be bools or quantized too.
  func choosing<F: ReductionFunction>(
    _ kernel: String, _ function: F
  ) throws(OperatorError) -> Execution {
    let x = try input(0)
    let task = ReductionTask(kernel: kernel, walk: try reductionWalk(), function: function)
    return x.type == .bool ? task(UInt8.self) : try x.perform(task)
  }
}

private struct ReductionTask<F: ReductionFunction>: NumberTask {
  let kernel: String
  let walk: ReductionWalk
  let function: F

  func callAsFunction<T: ReducibleElement>(_: T.Type) -> Execution {
    let (walk, function) = (walk, function)
    return Execution(kernel: kernel) { operands in
      operands.split(walk.outputs, grain: max(1, (1 << 14) / max(1, walk.terms))) { range in
        walk.reduce(
          operands.input(0, as: T.self), to: operands.output(as: T.self), range, function)
      }
    }
  }
}
