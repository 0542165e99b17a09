/// Chooses one of several options for each of many items: the least sum of errors within a budget of cost.
///
/// The multiple-choice knapsack problem, by dynamic programming over a budget in 10,000 parts (Frantar and
/// Alistarh, "SPDY", 2022, choose layers so). Costs are rounded up to whole parts, so that the budget holds;
/// a plan that no rounding would exclude can be missed by a part for each item.
struct Knapsack {
  /// One option of an item.
  struct Option: Sendable, Hashable {
    /// What it takes of the budget; not negative.
    var cost: Double
    /// What it adds to the sum that is made small; not negative.
    var error: Double
  }

  private static let parts = 10_000

  /// The option of each item; nil where even the cheapest ones exceed the budget.
  static func solve(_ items: [[Option]], budget: Double) -> [Int]? {
    guard budget > 0, items.allSatisfy({ !$0.isEmpty }) else { return items.isEmpty ? [] : nil }
    let unit = budget / Double(parts)
    // Beside every option's whole parts, so that sums of them tell whether the budget holds.
    let costs = items.map {
      $0.map { option in
        let parts = (option.cost / unit).rounded(.up)
        return parts.isFinite && parts <= Double(Self.parts) ? Int(max(0, parts)) : Self.parts + 1
      }
    }
    // The least error with a cost of exactly so many parts, and which option of the last item that has.
    var least = [Double](repeating: .infinity, count: parts + 1)
    least[0] = 0
    var chosen: [[UInt8]] = []
    for (item, options) in items.enumerated() {
      var next = [Double](repeating: .infinity, count: parts + 1)
      var choice = [UInt8](repeating: 0, count: parts + 1)
      for (index, option) in options.enumerated().prefix(256) where costs[item][index] <= parts {
        let cost = costs[item][index]
        for spent in cost...parts where least[spent - cost] + option.error < next[spent] {
          next[spent] = least[spent - cost] + option.error
          choice[spent] = UInt8(index)
        }
      }
      least = next
      chosen.append(choice)
    }
    guard var spent = least.indices.min(by: { least[$0] < least[$1] }), least[spent].isFinite else {
      return nil
    }
    var options = [Int](repeating: 0, count: items.count)
    for item in items.indices.reversed() {
      options[item] = Int(chosen[item][spent])
      spent -= costs[item][options[item]]
    }
    return options
  }
}
