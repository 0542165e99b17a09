import ModelFormat

/// The nearest weights that obey a pattern of zeros: all groups but the largest become zero.
struct MaskProjection {
  private let groups: WeightGroups
  private let rule: Rule

  private enum Rule {
    /// So many of so many groups become zero.
    case fewest(zeros: Int, of: Int)
    /// Of each group, so many weights stay.
    case each(keep: Int)
  }

  /// Weights that become zero.
  var zeros: Int {
    switch rule {
    case .fewest(let zeros, _): zeros * groups.size
    case .each(let keep): groups.count * (groups.size - keep)
    }
  }

  /// The projection of weights of `shape`, of which the part `fraction` becomes zero where the pattern
  /// leaves that open; nil where it does not fit the shape.
  init?(_ pattern: ConversionOptions.Pruning, fraction: Double, _ shape: Shape) {
    guard let groups = WeightGroups(pattern, shape) else { return nil }
    self.groups = groups
    if case .pattern(let keep, _) = pattern {
      rule = .each(keep: keep)
    } else {
      let zeros = Int((Double(groups.count) * min(max(fraction, 0), 1)).rounded())
      rule = .fewest(zeros: zeros, of: groups.count)
    }
  }

  /// Sets what goes to zero; of a ramp, the part `progress` of it.
  func apply(_ elements: inout [Float], progress: Double = 1) {
    switch rule {
    case .each(let keep): groups.keepLargest(keep, &elements)
    case .fewest(let zeros, _):
      groups.zeroSmallest(Int((Double(zeros) * progress).rounded()), &elements)
    }
  }
}
