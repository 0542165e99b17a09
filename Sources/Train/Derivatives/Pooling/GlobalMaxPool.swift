import Operators

extension Derivative {
  /// GlobalMaxPool: the first of equals gets the gradient.
  static let globalMaxPool = Derivative("GlobalMaxPool") { node throws(OperatorError) in
    try PoolGradient(
      node, .maximum, window: SpatialWindow(covering: try node.facts.spatialExtents())
    ).step
  }
}
