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

    /// Whether the kernel grows where the image shrinks, so that every entry of the input counts.
    var isAntialiased: Bool

    /// The rule that a node's attributes describe.
    init(_ facts: NodeFacts, isCubic: Bool) throws(OperatorError) {
      self.isCubic = isCubic
      a = try facts.float("cubic_coeff_a", default: -0.75)
      excludesOutside = try facts.int("exclude_outside", default: 0) != 0
      isAntialiased = try facts.int("antialias", default: 0) != 0
    }

    /// How much the kernel is stretched along `axis`: by one over this.
    func shrinkage(_ axis: ResizeGeometry.Axis) -> Float {
      isAntialiased ? Swift.min(axis.scale, 1) : 1
    }

    /// The first entry that is weighed, counted from the one before a place, and the number of entries.
    func reach(_ axis: ResizeGeometry.Axis) -> (first: Int, count: Int) {
      let radius: Float = isCubic ? 2 : 1
      let limit = Float(2 * axis.input + 4)
      let first = Int(saturating((-radius / shrinkage(axis)).rounded(.down), -limit, -1)) + 1
      return (first, 2 - 2 * first)
    }

    /// The weight of an entry at `distance` from a place, in entries of the input.
    private func weight(_ distance: Float) -> Float {
      let x = distance.magnitude
      if !isCubic { return Swift.max(0, 1 - x) }
      if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
    }

    /// The weights of the entries along `axis` around a place that is `t` behind one of them.
    func weights(_ t: Float, _ axis: ResizeGeometry.Axis) -> [Float] {
      let (first, count) = reach(axis)
      let factor = shrinkage(axis)
      if factor == 1, !isCubic { return [1 - t, t] }
      let weights = (first..<(first + count)).map { weight((Float($0) - t) * factor) }
      if factor == 1 { return weights }
      let sum = weights.reduce(0, +)
      return sum == 0 ? weights : weights.map { $0 / sum }
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
    let (start, count) = rule.reach(axis)
    taps = count
    let last = Float(axis.input - 1)
    for i in 0..<axis.output {
      let place = mapping.place(i, axis)
      outside.append(mapping.isOutside(place, axis))
      // Far outside, every tap is the border; the limit keeps the conversion to an integer safe.
      let limited = saturating(place, Float(-4 - count), last + Float(4 + count))
      let floor = limited.rounded(.down)
      let first = Int(floor) + start
      var weights = rule.weights(limited - floor, axis)
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
