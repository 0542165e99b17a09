import Kernels
import ModelFormat

/// The facts of what Softmax and LogSoftmax give.
func inferSoftmax(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let output = try facts.sameAsInput()
  _ = try facts.axis(try facts.int("axis", default: -1), rank: output.shape.rank)
  return [output]
}

extension NodeFacts {
  /// An execution for Softmax, or for its logarithm.
  func softmax(_ kernel: String, isLogarithmic: Bool) throws(OperatorError) -> Execution {
    let x = try input(0)
    let axis = try axis(try int("axis", default: -1), rank: x.shape.rank)
    let dimensions = x.physicalShape.dimensions
    let position = x.physicalAxis(axis)
    let extent = dimensions[position]
    let inner = dimensions[(position + 1)...].reduce(1, &*)
    let lines = x.count == 0 ? 0 : x.count / extent
    switch x.type {
    case .float32: return softmax(kernel, lines, extent, inner, isLogarithmic, Float.self)
    case .float64: return softmax(kernel, lines, extent, inner, isLogarithmic, Double.self)
    default:
      throw .unsupportedType(operand: "input", found: x.type, supported: [.float32, .float64])
    }
  }

  private func softmax<T: ReducibleElement & RealElement>(
    _ kernel: String, _ lines: Int, _ extent: Int, _ inner: Int, _ isLogarithmic: Bool, _: T.Type
  ) -> Execution {
    Execution(kernel: kernel, overwrites: 0) { operands in
      operands.split(lines, grain: max(1, (1 << 12) / max(1, extent))) { range in
        let x = operands.input(0, as: T.self)
        let y = operands.output(as: T.self)
        for line in range {
          let (item, column) = line.quotientAndRemainder(dividingBy: inner)
          let start = item &* inner &* extent &+ column
          if inner == 1 {
            normalize(x + start, y + start, extent, 1, isLogarithmic)
          } else {
            normalize(x + start, y + start, extent, inner, isLogarithmic)
          }
        }
      }
    }
  }
}

/// Softmax of one line of `count` elements, `stride` apart.
@inline(__always)
private func normalize<T: ReducibleElement & RealElement>(
  _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>, _ count: Int, _ stride: Int,
  _ isLogarithmic: Bool
) {
  var greatest = x[0]
  if stride == 1 {
    greatest = totalOfRun(x, count, ReduceMaxFunction())
  } else {
    for i in 0..<count { greatest = T.maximum(greatest, x[i &* stride]) }
  }
  var sum: T = 0
  if isLogarithmic {
    for i in 0..<count { sum += T.exponential(x[i &* stride] - greatest) }
    let shift = T.logarithm(sum) + greatest
    for i in 0..<count { y[i &* stride] = x[i &* stride] - shift }
  } else {
    for i in 0..<count {
      let power = T.exponential(x[i &* stride] - greatest)
      y[i &* stride] = power
      sum += power
    }
    let share = 1 / sum
    for i in 0..<count { y[i &* stride] *= share }
  }
}
