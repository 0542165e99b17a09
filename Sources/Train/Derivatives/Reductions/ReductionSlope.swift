import ModelFormat
import Operators

/// The derivative of a reduction with respect to one of its elements.
protocol ReductionSlope: Sendable {
  /// Whether it reads the elements, and the result.
  var reads: (x: Bool, y: Bool) { get }
  /// The derivative at element `x` of `count` that make `y`.
  func callAsFunction(_ x: Float, _ y: Float, _ count: Float) -> Float
}

extension Derivative {
  /// The step of a reduction along constant axes.
  static func reducing<S: ReductionSlope>(
    _ node: TrainedNode, _ slope: S
  ) throws(OperatorError) -> TrainingStep {
    let (x, y) = (try node.facts.input(0), try node.facts.output())
    let axes = try node.facts.reducedAxes()
    // The result as it would be with all dimensions kept, which lies in memory likewise.
    var kept = y
    if y.shape.rank != x.shape.rank {
      kept.layout = .rowMajor
      kept.shape = Shape(
        x.shape.dimensions.enumerated().map { axes.contains($0.offset) ? 1 : $0.element })
    }
    let rows = PairRows(x, kept, x)
    let each = Float(y.count == 0 ? 1 : x.count / y.count)
    return TrainingStep(
      readsInputs: slope.reads.x ? [0] : [], readsOutputs: slope.reads.y ? [0] : [], writes: true
    ) { memory in
      guard let place = memory.place(0) else { return }
      let g = memory.gradient()
      let to = place.pointer
      // What is not read is not kept: any address will do.
      let x = slope.reads.x ? memory.input(0) : UnsafePointer(to)
      let y = slope.reads.y ? memory.output() : g
      let step = rows.steps.a
      memory.split(rows.rows, grain: max(1, (1 << 13) / max(1, rows.count))) { range in
        for row in range {
          let from = rows.offsets(row).a
          let first = row * rows.count
          for i in 0..<rows.count {
            let (at, source) = (first &+ i, from &+ i &* step)
            let part = g[source] * slope(slope.reads.x ? x[at] : 0, y[source], each)
            to[at] = place.adds ? to[at] + part : part
          }
        }
      }
    }
  }
}
