import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// Relu: the gradient passes where the output is above zero.
  static let relu = Derivative("Relu") { node throws(OperatorError) in
    clampStep(try node.facts.input(0).count, 0, .infinity)
  }

  /// The step of a clamp of `count` elements, whose gradient passes strictly between the bounds.
  static func clampStep(_ count: Int, _ lower: Float, _ upper: Float) -> TrainingStep {
    let kernels = GradientKernels.best
    return TrainingStep(readsOutputs: [0], writes: true, overwrites: [0]) { memory in
      guard let place = memory.place(0) else { return }
      memory.split(count) { range in
        let at = range.lowerBound
        kernels.clamp(
          count: range.count, y: memory.output() + at, bounds: (lower, upper),
          memory.gradient() + at, to: place.pointer + at, adds: place.adds)
      }
    }
  }
}
