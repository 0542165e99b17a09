import Operators

extension Derivative {
  /// MaxPool: the first of equals gets the gradient.
  static let maxPool = Derivative("MaxPool") { node throws(OperatorError) in
    try PoolGradient(node, .maximum).step
  }
}
