import Kernels
import ModelFormat

extension Operator {
  /// Cast: each element as a number of another type.
  ///
  /// Real numbers become integers by dropping the fraction; those out of range saturate and NaN
  /// becomes zero, where ONNX leaves the result open. Integers keep their low bits. Bool is true for
  /// anything but zero.
  ///
  /// Attribute: `to`, the number of an ONNX element type; `saturate` concerns no type we have.
  static let cast = Operator(
    "Cast", since: 13, inputs: 1...1, layout: .follow,
    infer: { facts throws(OperatorError) in
      let x = try facts.input(0)
      return [ValueFacts(type: try castTarget(facts), shape: x.shape, layout: x.layout)]
    },
    prepare: { facts throws(OperatorError) in
      let x = try facts.input(0)
      guard x.quantization == nil else { throw .unsupported("a quantized input cannot be cast") }
      return castExecution(from: x.type, to: try castTarget(facts), count: x.count)
    })
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

private func castExecution(from: ElementType, to: ElementType, count: Int) -> Execution {
  if from == to {
    return Execution(kernel: "copy") { $0.copyFirstInput(count * from.size) }
  }
  // Through Double where a real number is involved: it holds every float exactly. Integers from
  // 2^53 to float32 are rounded twice.
  let isReal = from.isFloatingPoint || to.isFloatingPoint
  return Execution(kernel: "cast", scratchBytes: castChunk * 8) { operands in
    var start = 0
    while start < count {
      let n = min(castChunk, count - start)
      let source = operands.rawInput(0) + start * from.size
      let target = operands.rawOutput() + start * to.size
      if isReal {
        let reals = operands.scratch.assumingMemoryBound(to: Double.self)
        from.readReals(source, n, reals)
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
