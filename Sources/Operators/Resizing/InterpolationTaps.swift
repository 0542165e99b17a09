import ModelFormat

/// How one dimension of a Resize by linear or cubic interpolation is made: what its gradient needs.
package struct InterpolationTaps: Sendable {
  /// The position in the shape, and the extents of input and output.
  package let axis: Int, input: Int, output: Int
  /// Entries of the input for each of the output.
  package let taps: Int
  /// The entries and their weights, `taps` for each of the output.
  package let entries: [UInt32], weights: [Float]
  /// For each entry of the output: whether it has the extrapolation value instead.
  package let outside: [Bool]

  /// The dimensions of a Resize that change, in an order that the result does not depend on.
  package static func of(_ facts: NodeFacts) throws(OperatorError) -> [InterpolationTaps] {
    let mapping = try CoordinateMapping(facts)
    let mode = try facts.string("mode", default: "nearest")
    let rule = try InterpolationWeights.Rule(facts, isCubic: mode == "cubic")
    return try ResizeGeometry(facts).changed(mapping).map { axis in
      let weights = InterpolationWeights(axis, mapping, rule)
      return InterpolationTaps(
        axis: axis.axis, input: axis.input, output: axis.output, taps: weights.taps,
        entries: weights.entries, weights: weights.weights, outside: weights.outside)
    }
  }
}
