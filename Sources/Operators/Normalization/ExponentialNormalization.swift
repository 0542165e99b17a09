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
    if x.type == .float32, inner == 1, !isLogarithmic {
      let kernels = VectorKernels.best
      return Execution(kernel: kernels.softmaxName, overwrites: 0) { operands in
        operands.split(lines, grain: max(1, (1 << 12) / max(1, extent))) { range in
          let first = range.lowerBound &* extent
          kernels.softmax(
            operands.input(0, as: Float.self) + first,
            to: operands.output(as: Float.self) + first, rows: range.count, columns: extent)
        }
      }
    }
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
    // For each line its greatest element and the sum of its powers.
    let scratch = inner == 1 ? 0 : 2 * lines * MemoryLayout<T>.stride
    return Execution(kernel: kernel, scratchBytes: scratch, overwrites: 0) { operands in
      if operands.rawInput(0) != UnsafeRawPointer(operands.rawOutput()) {
        operands.copyFirstInput(lines * extent * MemoryLayout<T>.stride)
      }
      operands.split(lines, grain: max(1, (1 << 12) / max(1, extent))) { range in
        let y = operands.output(as: T.self)
        if inner == 1 {
          for line in range { normalizeLine(y + line &* extent, extent, isLogarithmic) }
          return
        }
        let results = operands.scratch.assumingMemoryBound(to: T.self)
        var line = range.lowerBound
        while line < range.upperBound {
          let (item, column) = line.quotientAndRemainder(dividingBy: inner)
          let columns = min(inner - column, range.upperBound - line)
          let first = y + (item &* inner &* extent &+ column)
          normalizeColumns(
            first, columns, extent, inner, isLogarithmic, results + line, results + (lines + line))
          line += columns
        }
      }
    }
  }
}

/// Softmax of one line of neighbouring elements, in place.
@inline(__always)
private func normalizeLine<T: ReducibleElement & RealElement>(
  _ y: UnsafeMutablePointer<T>, _ count: Int, _ isLogarithmic: Bool
) {
  let greatest = totalOfRun(y, count, ReduceMaxFunction())
  if isLogarithmic {
    var sum: T = 0
    for i in 0..<count { sum += T.exponential(y[i] - greatest) }
    let shift = T.logarithm(sum) + greatest
    for i in 0..<count { y[i] -= shift }
  } else {
    for i in 0..<count { y[i] = T.exponential(y[i] - greatest) }
    let share = 1 / totalOfRun(y, count, ReduceSumFunction())
    for i in 0..<count { y[i] *= share }
  }
}

/// Softmax of neighbouring lines, in place; their elements are `stride` apart.
@inline(__always)
private func normalizeColumns<T: ReducibleElement & RealElement>(
  _ y: UnsafeMutablePointer<T>, _ columns: Int, _ count: Int, _ stride: Int,
  _ isLogarithmic: Bool, _ greatest: UnsafeMutablePointer<T>, _ sums: UnsafeMutablePointer<T>
) {
  for i in 0..<columns {
    greatest[i] = y[i]
    sums[i] = 0
  }
  for row in 1..<max(1, count) {
    let y = y + row &* stride
    for i in 0..<columns { greatest[i] = T.maximum(greatest[i], y[i]) }
  }
  for row in 0..<count {
    let y = y + row &* stride
    if isLogarithmic {
      for i in 0..<columns { sums[i] += T.exponential(y[i] - greatest[i]) }
    } else {
      for i in 0..<columns { y[i] = T.exponential(y[i] - greatest[i]) }
      for i in 0..<columns { sums[i] += y[i] }
    }
  }
  if isLogarithmic {
    for i in 0..<columns { greatest[i] += T.logarithm(sums[i]) }
  } else {
    for i in 0..<columns { sums[i] = 1 / sums[i] }
  }
  for row in 0..<count {
    let y = y + row &* stride
    if isLogarithmic {
      for i in 0..<columns { y[i] -= greatest[i] }
    } else {
      for i in 0..<columns { y[i] *= sums[i] }
    }
  }
}
