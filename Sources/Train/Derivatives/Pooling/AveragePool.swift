import Operators

extension Derivative {
  /// AveragePool: each gets its share.
  static let averagePool = Derivative("AveragePool") { node throws(OperatorError) in
    try PoolGradient(node, .average).step
  }
}
