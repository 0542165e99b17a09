/// Chooses what goes next: the units of weights with the least scores, over one parameter or several.
public struct PruneChoice: Sendable {
  /// One parameter.
  public struct Candidate {
    /// A score for each weight, the least of which goes first: magnitudes or squares, say.
    ///
    /// The score of a group is the mean of its members', and what is not a number stays longest.
    public var scores: UnsafeBufferPointer<Float>
    /// Which weights go together.
    public var groups: PruneGroups
    /// What is there before, and then what is left.
    public var mask: WeightMask

    /// A parameter whose scores, groups and mask are of as many weights.
    public init(scores: UnsafeBufferPointer<Float>, groups: PruneGroups, mask: WeightMask) {
      self.scores = scores
      self.groups = groups
      self.mask = mask
    }
  }

  /// Lets weights of `candidates` go until `zeros` of all of them have gone.
  ///
  /// What has gone stays so. Single weights meet the count exactly, units of several as nearly as they can;
  /// a bound on zeros among neighbours may leave fewer. Of equal scores the first goes first.
  /// - Returns: weights that have gone, in all.
  @discardableResult
  public static func prune(_ candidates: inout [Candidate], zeros: Int) -> Int {
    var gone = candidates.reduce(0) { $0 + $1.mask.zeros }
    let units = candidates.map { candidate in
      precondition(
        candidate.scores.count == candidate.groups.count
          && candidate.mask.count == candidate.groups.count,
        "scores, groups and mask are of different parameters")
      return candidate.groups.units(candidate.scores, candidate.mask)
    }
    guard gone < zeros else { return gone }
    // A score and its place in one integer: those sort fast.
    var order: [UInt64] = []
    order.reserveCapacity(units.reduce(0) { $0 + $1.scores.count })
    for units in units {
      for score in units.scores {
        order.append(UInt64(ascending(score)) << 32 | UInt64(order.count & 0xFFFF_FFFF))
      }
    }
    order.sort()
    var starts = [0]
    for units in units { starts.append((starts.last ?? 0) + units.scores.count) }
    for item in order {
      let place = Int(item & 0xFFFF_FFFF)
      var (low, high) = (0, units.count - 1)
      while low < high {
        let middle = (low + high + 1) / 2
        if starts[middle] <= place { low = middle } else { high = middle - 1 }
      }
      let members = units[low][place - starts[low]]
      // A unit that leads further beyond than what is missing now stays, and so do all behind it.
      guard gone + members.count - zeros <= zeros - gone else { break }
      for index in members { candidates[low].mask[index] = false }
      gone += members.count
      if gone >= zeros { break }
    }
    return gone
  }

  /// Bits that sort as the numbers do; what is not a number comes last.
  private static func ascending(_ score: Float) -> UInt32 {
    if score.isNaN { return .max }
    let bits = score == 0 ? 0 : score.bitPattern
    return bits >> 31 == 0 ? bits | 1 << 31 : ~bits
  }
}
