import ModelFormat
import Operators

extension Derivative {
  /// Relu: the gradient passes where the output is above zero.
  static let relu = Derivative("Relu") { node throws(OperatorError) in
    clampStep(try node.facts.input(0).count, 0, .infinity)
  }

  /// The step of a clamp of `count` elements, whose gradient passes strictly between the bounds.
  static func clampStep(_ count: Int, _ lower: Float, _ upper: Float) -> TrainingStep {
    TrainingStep(readsOutputs: [0], writes: true, overwrites: [0]) { memory in
      guard let place = memory.place(0) else { return }
      let (y, gradient) = (memory.output(), memory.gradient())
      memory.split(count) { range in
        let x = place.pointer
        if place.adds {
          for i in range where y[i] > lower && y[i] < upper { x[i] += gradient[i] }
        } else {
          for i in range { x[i] = y[i] > lower && y[i] < upper ? gradient[i] : 0 }
        }
      }
    }
  }
}
