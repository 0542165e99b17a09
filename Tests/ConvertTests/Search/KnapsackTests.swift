import TestSupport
import Testing

@testable import Convert

/// The choice among options of many layers, against all combinations.
@Suite struct KnapsackTests {
  private func instance(_ seed: UInt64) -> [[Knapsack.Option]] {
    var random = SeededGenerator(seed: seed)
    return (0..<6).map { _ in
      (0..<3).map { _ in
        Knapsack.Option(
          cost: Double.random(in: 0...10, using: &random),
          error: Double.random(in: 0...1, using: &random))
      }
    }
  }

  @Test(arguments: 1...20)
  func noCombinationIsBetter(_ seed: Int) throws {
    let items = instance(UInt64(seed))
    let budget = 22.0
    var best = Double.infinity
    for code in 0..<729 {
      var (rest, cost, error) = (code, 0.0, 0.0)
      for item in items {
        cost += item[rest % 3].cost
        error += item[rest % 3].error
        rest /= 3
      }
      // Costs are rounded up: a combination at the very edge may be missed.
      if cost <= budget * 0.999 { best = min(best, error) }
    }
    let chosen = try #require(Knapsack.solve(items, budget: budget))
    let cost = zip(items, chosen).reduce(0) { $0 + $1.0[$1.1].cost }
    let error = zip(items, chosen).reduce(0) { $0 + $1.0[$1.1].error }
    #expect(cost <= budget)
    #expect(error <= best + 1e-12)
  }

  @Test func whatCannotBeIsSaid() {
    #expect(Knapsack.solve([[.init(cost: 5, error: 0)]], budget: 4) == nil)
    #expect(Knapsack.solve([[.init(cost: 5, error: 0)]], budget: 0) == nil)
    #expect(Knapsack.solve([], budget: 1) == [])
    #expect(
      Knapsack.solve([[.init(cost: .infinity, error: 0), .init(cost: 0, error: 1)]], budget: 1) == [
        1
      ])
  }
}
