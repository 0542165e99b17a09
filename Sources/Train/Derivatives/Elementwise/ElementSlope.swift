import Kernels
import ModelFormat
import Operators

/// The derivative of a function of one element.
protocol ElementSlope: Sendable {
  /// Whether it follows from the function's value, rather than from what it is taken of.
  var readsOutput: Bool { get }
  /// Kernels whose values it needs, at most two.
  var kernels: [UnaryOperation] { get }
  /// What kernel `index` is applied to, for element `v`: the value that is read.
  func argument(_ index: Int, _ v: Float) -> Float
  /// The derivative at `v`, with the kernels' values `s` and `t`.
  func callAsFunction(_ v: Float, _ s: Float, _ t: Float) -> Float
}

extension ElementSlope {
  var readsOutput: Bool { false }
  var kernels: [UnaryOperation] { [] }
  @inline(__always)
  func argument(_ index: Int, _ v: Float) -> Float { v }
}

extension Derivative {
  /// The step of a function of each element.
  static func elementwise<S: ElementSlope>(
    _ node: TrainedNode, _ slope: S
  ) throws(OperatorError) -> TrainingStep {
    let count = try node.facts.output().count
    let (operations, best) = (slope.kernels, VectorKernels.best)
    let run: @Sendable (StepMemory, GradientPlace, Range<Int>) -> Void = { memory, place, range in
      let v: UnsafePointer<Float> =
        slope.readsOutput ? UnsafePointer(memory.output()) : memory.input(0)
      let (g, x) = (memory.gradient(), place.pointer)
      // Pieces whose kernels' values stay in the cache.
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 2048) { values in
        guard let s = values.baseAddress, !range.isEmpty else { return }
        let t = s + 1024
        var first = range.lowerBound
        while first < range.upperBound {
          let count = min(1024, range.upperBound - first)
          // Pointers to the piece: indices that need no check make loops of vectors.
          let (v, g, x) = (v + first, g + first, x + first)
          for (index, operation) in operations.enumerated() {
            let value = index == 0 ? s : t
            for i in 0..<count { value[i] = slope.argument(index, v[i]) }
            best.apply(operation, value, to: value, count: count)
          }
          switch (operations.count, place.adds) {
          case (0, false): for i in 0..<count { x[i] = g[i] * slope(v[i], 0, 0) }
          case (0, true): for i in 0..<count { x[i] += g[i] * slope(v[i], 0, 0) }
          case (1, false): for i in 0..<count { x[i] = g[i] * slope(v[i], s[i], 0) }
          case (1, true): for i in 0..<count { x[i] += g[i] * slope(v[i], s[i], 0) }
          case (_, false): for i in 0..<count { x[i] = g[i] * slope(v[i], s[i], t[i]) }
          case (_, true): for i in 0..<count { x[i] += g[i] * slope(v[i], s[i], t[i]) }
          }
          first += count
        }
      }
    }
    return TrainingStep(
      readsInputs: slope.readsOutput ? [] : [0], readsOutputs: slope.readsOutput ? [0] : [],
      writes: true, overwrites: [0]
    ) { memory in
      guard let place = memory.place(0) else { return }
      memory.split(count) { run(memory, place, $0) }
    }
  }
}
