import Operators

extension Derivative {
  /// Reshape, Flatten, Squeeze and Unsqueeze: views, whose gradient lies where that of the input does.
  static let reshape = view("Reshape")
  static let flatten = view("Flatten")
  static let squeeze = view("Squeeze")
  static let unsqueeze = view("Unsqueeze")

  /// The derivative of an operator that keeps every byte; where a plan does not make it a view, elements
  /// are added one by one.
  private static func view(_ op: String) -> Derivative {
    Derivative(op) { node throws(OperatorError) in
      let count = try node.facts.output().count
      return TrainingStep { memory in
        guard let place = memory.place(0) else { return }
        let gradient = memory.gradient()
        memory.split(count) { range in for i in range { place.pointer[i] += gradient[i] } }
      }
    }
  }
}
