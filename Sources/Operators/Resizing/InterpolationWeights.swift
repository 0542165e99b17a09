import ModelFormat

/// Which entries of the input make up each output coordinate along one dimension, and how much of each.
struct InterpolationWeights: Sendable {
  /// How weights follow from the distance to a place.
  struct Rule: Sendable {
    var isCubic: Bool
    /// Keys' parameter of the cubic kernel.
    var a: Float
    /// Whether entries outside of the input weigh nothing, rather than repeat the border.
    var excludesOutside: Bool

    /// The rule that a node's attributes describe.
    init(_ facts: NodeFacts, isCubic: Bool) throws(OperatorError) {
      self.isCubic = isCubic
      a = try facts.float("cubic_coeff_a", default: -0.75)
      excludesOutside = try facts.int("exclude_outside", default: 0) != 0
    }

    /// The number of entries that are weighed.
    var taps: Int { isCubic ? 4 : 2 }

    /// The weights of the entries around a place that is `t` behind one of them.
    func weights(_ t: Float) -> [Float] {
      guard isCubic else { return [1 - t, t] }
      func near(_ x: Float) -> Float { ((a + 2) * x - (a + 3)) * x * x + 1 }
      func far(_ x: Float) -> Float { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
      return [far(t + 1), near(t), near(1 - t), far(2 - t)]
    }
  }

  /// The dimension.
  let axis: ResizeGeometry.Axis
  /// Entries for each output coordinate.
  let taps: Int
  /// The entries and their weights, `taps` for each output coordinate.
  private(set) var entries: [UInt32] = []
  private(set) var weights: [Float] = []
  /// For each output coordinate: whether it lies outside of the input and gets the extrapolation value.
  private(set) var outside: [Bool] = []

  /// The weights along `axis`.
  init(_ axis: ResizeGeometry.Axis, _ mapping: CoordinateMapping, _ rule: Rule) {
    self.axis = axis
    taps = rule.taps
    let last = Float(axis.input - 1)
    for i in 0..<axis.output {
      let place = mapping.place(i, axis)
      outside.append(mapping.isOutside(place, axis))
      // Far outside, every tap is the border; the limit keeps the conversion to an integer safe.
      let limited = saturating(place, -4, last + 4)
      let floor = limited.rounded(.down)
      let first = Int(floor) - (rule.isCubic ? 1 : 0)
      var weights = rule.weights(limited - floor)
      if rule.excludesOutside {
        for k in weights.indices where first + k < 0 || first + k >= axis.input { weights[k] = 0 }
        let sum = weights.reduce(0, +)
        if sum != 0 { for k in weights.indices { weights[k] /= sum } }
      }
      for k in weights.indices {
        entries.append(UInt32(truncatingIfNeeded: max(0, min(axis.input - 1, first + k))))
        self.weights.append(weights[k])
      }
    }
  }
}
