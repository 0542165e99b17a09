import Kernels
import ModelFormat

extension Operator {
  /// Cast: each element as a number of another type.
  ///
  /// Real numbers become integers by dropping the fraction; those out of range saturate and NaN
  /// becomes zero, where ONNX leaves the result open. Integers keep their low bits. Bool is true for
  /// anything but zero.
  ///
  /// Attributes: `to`, the number of an ONNX element type; `rounding`, `float16` or `bfloat16`: the
  /// type that numbers are rounded to before they become what `to` says. `saturate` concerns no type
  /// we have.
  static let cast = Operator(
    "Cast", since: 13, inputs: 1...1, layout: .follow,
    infer: { facts throws(OperatorError) in [try facts.castOutput(to: try castTarget(facts))] },
    prepare: { facts throws(OperatorError) in try facts.casting(to: try castTarget(facts)) })
}

extension NodeFacts {
  /// Facts for the first input as elements of `type`.
  func castOutput(to type: ElementType) throws(OperatorError) -> ValueFacts {
    let x = try input(0)
    return ValueFacts(type: type, shape: x.shape, layout: x.layout)
  }

  /// An execution that converts the first input to `type`.
  func casting(to type: ElementType) throws(OperatorError) -> Execution {
    let x = try input(0)
    guard x.quantization == nil else { throw .unsupported("a quantized input cannot be cast") }
    let rounding: ElementType?
    switch try string("rounding", default: "") {
    case "": rounding = nil
    case "float16": rounding = .float16
    case "bfloat16": rounding = .bfloat16
    default: throw .attribute(name: "rounding", problem: "must be float16 or bfloat16")
    }
    return castExecution(from: x.type, to: type, rounding: rounding, count: x.count)
  }
}

private func castTarget(_ facts: NodeFacts) throws(OperatorError) -> ElementType {
  let number = try facts.int("to", default: 0)
  guard let raw = UInt8(exactly: number), let type = ElementType(rawValue: raw) else {
    throw .attribute(name: "to", problem: "is \(number), which is no supported element type")
  }
  return type
}

/// Elements that are converted at a time, so that the intermediate results stay in the cache.
private let castChunk = 512

private func castExecution(
  from: ElementType, to: ElementType, rounding: ElementType?, count: Int
) -> Execution {
  if from == to, rounding == nil {
    return Execution(kernel: "copy") { $0.copyFirstInput(count * from.size) }
  }
  // Through Double where a real number is involved: it holds every float exactly. Integers from
  // 2^53 to float32 are rounded twice.
  let isReal = from.isFloatingPoint || to.isFloatingPoint || rounding != nil
  return Execution(kernel: "cast", scratchBytes: castChunk * 10) { operands in
    var start = 0
    while start < count {
      let n = min(castChunk, count - start)
      let source = operands.rawInput(0) + start * from.size
      let target = operands.rawOutput() + start * to.size
      if isReal {
        let reals = operands.scratch.assumingMemoryBound(to: Double.self)
        from.readReals(source, n, reals)
        if let rounding {
          rounding.writeReals(reals, n, operands.scratch + castChunk * 8)
          rounding.readReals(operands.scratch + castChunk * 8, n, reals)
        }
        to.writeReals(reals, n, target)
      } else {
        let integers = operands.scratch.assumingMemoryBound(to: Int64.self)
        from.readIntegers(source, n, integers)
        to.writeIntegers(integers, n, target)
      }
      start += n
    }
  }
}
