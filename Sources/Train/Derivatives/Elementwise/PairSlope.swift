import Kernels
import ModelFormat
import Operators

/// The derivatives of a function of two elements, with broadcasting.
protocol PairSlope: Sendable {
  /// Whether the derivatives read the first operand, the second, and the output.
  var reads: (a: Bool, b: Bool, y: Bool) { get }
  /// The derivative with respect to operand 0 or 1 at `a` and `b`, where the function is `y`.
  func callAsFunction(_ operand: Int, _ a: Float, _ b: Float, _ y: Float) -> Float
}

extension Derivative {
  /// The step of a function of two operands, which may broadcast.
  static func pairwise<S: PairSlope>(
    _ node: TrainedNode, _ slope: S
  ) throws(OperatorError) -> TrainingStep {
    let output = try node.facts.output()
    let operands = [try node.facts.input(0), try node.facts.input(1)]
    let rows = PairRows(output, operands[0], operands[1])
    let sums = (0...1).map { PairSums(slope, rows, $0, count: operands[$0].count) }
    let isWhole = operands.map { $0.shape == output.shape }
    let product = PairProduct(slope: slope, rows: rows)
    let scratch = (0...1).reduce(0) {
      max($0, node.wants[$1] && !isWhole[$1] ? sums[$1].scratchBytes : 0)
    }
    var inputs: [Int] = []
    if slope.reads.a { inputs.append(0) }
    if slope.reads.b { inputs.append(1) }
    return TrainingStep(
      readsInputs: inputs, readsOutputs: slope.reads.y ? [0] : [],
      scratch: ScratchSize(shared: scratch), writes: true,
      overwrites: [0, 1]
    ) { memory in
      // The gradient that lies where the output's is goes last.
      let isFirst = memory.place(0).map { UnsafePointer($0.pointer) == memory.gradient() } ?? false
      for operand in isFirst ? [1, 0] : [0, 1] {
        guard let place = memory.place(operand) else { continue }
        if isWhole[operand] {
          product.run(memory, operand, to: place.pointer, adds: place.adds)
        } else {
          sums[operand].run(memory, to: place)
        }
      }
    }
  }
}

/// The output's gradient times a derivative, for each element of the output.
private struct PairProduct<S: PairSlope>: Sendable {
  let slope: S
  let rows: PairRows

  func run(
    _ memory: StepMemory, _ operand: Int, to result: UnsafeMutablePointer<Float>, adds: Bool
  ) {
    let g = memory.gradient()
    // What is not read is not kept: any address will do.
    let y = slope.reads.y ? memory.output() : g
    let a = slope.reads.a ? memory.input(0) : UnsafePointer(g)
    let b = slope.reads.b ? memory.input(1) : UnsafePointer(g)
    let steps = (
      a: slope.reads.a ? rows.steps.a : 0, b: slope.reads.b ? rows.steps.b : 0
    )
    let count = rows.count
    @inline(__always)
    func span(
      _ first: Int, _ range: Range<Int>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>
    ) {
      @inline(__always)
      func each(_ aStep: Int, _ bStep: Int) {
        // Pointers to the span: indices that need no check make loops of vectors.
        let start = first &+ range.lowerBound
        let (g, y, result) = (g + start, y + start, result + start)
        let (a, b) = (a + range.lowerBound &* aStep, b + range.lowerBound &* bStep)
        let count = range.count
        if adds {
          for i in 0..<count {
            result[i] += g[i] * slope(operand, a[i &* aStep], b[i &* bStep], y[i])
          }
        } else {
          for i in 0..<count {
            result[i] = g[i] * slope(operand, a[i &* aStep], b[i &* bStep], y[i])
          }
        }
      }
      // Steps that are known make loops of vectors.
      switch (steps.a, steps.b) {
      case (1, 1): each(1, 1)
      case (1, 0): each(1, 0)
      case (0, 1): each(0, 1)
      default: each(steps.a, steps.b)
      }
    }
    if rows.rows == 1 {
      memory.split(count) { span(0, $0, a, b) }
      return
    }
    memory.split(rows.rows, grain: max(1, (1 << 13) / max(1, count))) { range in
      for row in range {
        let offsets = rows.offsets(row)
        span(
          row * count, 0..<count, slope.reads.a ? a + offsets.a : a,
          slope.reads.b ? b + offsets.b : b)
      }
    }
  }
}
