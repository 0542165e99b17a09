import ModelFormat
import Operators

extension Derivative {
  /// Softmax: `y · (g − Σ g · y)` along its axis.
  static let softmax = Derivative("Softmax") { node throws(OperatorError) in
    try alongAxis(node, isLogarithmic: false)
  }

  /// The step of a softmax, or of its logarithm, along the axis of the node.
  static func alongAxis(
    _ node: TrainedNode, isLogarithmic: Bool
  ) throws(OperatorError) -> TrainingStep {
    let output = try node.facts.output()
    let axis = try node.facts.axis(
      try node.facts.int("axis", default: -1), rank: output.shape.rank)
    let back = SoftmaxBack(output.split(at: axis), isLogarithmic: isLogarithmic)
    return TrainingStep(readsOutputs: [0], writes: true, overwrites: [0]) { memory in
      guard let place = memory.place(0) else { return }
      back.run(memory, place)
    }
  }
}

private struct SoftmaxBack: Sendable {
  let outer: Int, extent: Int, inner: Int
  let isLogarithmic: Bool

  init(_ split: (outer: Int, extent: Int, inner: Int), isLogarithmic: Bool) {
    (outer, extent, inner) = split
    self.isLogarithmic = isLogarithmic
  }

  /// One softmax after the other, each of `extent` elements that are `inner` apart.
  func run(_ memory: StepMemory, _ place: GradientPlace) {
    let size = extent * inner
    memory.split(outer * inner, grain: max(1, (1 << 12) / max(1, extent))) { range in
      for index in range {
        let first = index / inner * size + index % inner
        let (y, g, x) = (
          memory.output() + first, memory.gradient() + first, place.pointer + first
        )
        var sum = 0.0
        for i in 0..<extent {
          let at = i &* inner
          sum += Double(isLogarithmic ? g[at] : g[at] * y[at])
        }
        let total = Float(sum)
        for i in 0..<extent {
          let at = i &* inner
          let part =
            isLogarithmic
            ? g[at] - Float(Double.exponential(Double(y[at]))) * total : y[at] * (g[at] - total)
          x[at] = place.adds ? x[at] + part : part
        }
      }
    }
  }
}
