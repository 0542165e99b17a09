import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Outputs that an activation cuts off count less.
@Suite struct OutputImportanceTests {
  private static let layer = LayerCase(rows: 8, n: 40, columns: 400, seed: 6)

  private static func passage(_ bias: [Double], upTo bound: Double) -> LayerProblem.Passage {
    .init(bias: bias, bounds: 0...bound)
  }

  /// The part of outputs within the bounds, counted, and what the importance says, its root.
  @Test(arguments: [.infinity, 1.5] as [Double], [false, true])
  func thePartWithinBoundsIsThatOfTheOutputs(_ bound: Double, _ hasBias: Bool) throws {
    let layer = Self.layer
    let bias = (0..<8).map { 3 * Double($0) - 10 }
    let problem = layer.problem(
      [8, 40], hasBias: hasBias, passage: Self.passage(bias, upTo: bound))
    let moments = GroupMoments(problem.moments, group: 0, isCentered: hasBias)
    let importance = try #require(OutputImportance(problem, group: 0, moments))
    let outputs = layer.outputs(layer.weights)
    for row in 0..<8 {
      let values = outputs[row * 400..<(row + 1) * 400]
      let mean = values.reduce(0, +) / 400
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 400
      let part = Double(values.count { (0...bound).contains($0 + bias[row]) }) / 400
      let found = importance.weight(row, square: hasBias ? variance : variance + mean * mean)
      #expect(abs(found * found - max(part, 0.05)) < 0.08, "output \(row)")
    }
  }

  @Test func withoutAnActivationAllCountTheSame() {
    let problem = Self.layer.problem([8, 40])
    let moments = GroupMoments(problem.moments, group: 0, isCentered: false)
    #expect(OutputImportance(problem, group: 0, moments) == nil)
  }

  /// Where half of the outputs are hardly ever seen, they take more of the zeros, and the others lose less.
  @Test func zerosGoWhereTheyAreNotSeen() throws {
    let layer = Self.layer
    let bias = (0..<8).map { $0 < 4 ? 0.0 : -1_000 }
    func solve(_ passage: LayerProblem.Passage?) throws -> [Double] {
      let problem = try #require(
        PruningProblem(layer.problem([8, 40], passage: passage), LayerCase.product))
      let zeros = PrunedLayer.Zeros(pattern: .unstructured(0.5), fraction: 0.5)
      let solved = try #require(problem.solve(zeros, current: layer.tensor([8, 40])))
      return solved.tensor.floats().map { Double($0) }
    }
    func error(_ weights: [Double]) -> Double {
      zip(layer.outputs(weights), layer.outputs(layer.weights)).prefix(4 * 400).reduce(0) {
        $0 + ($1.0 - $1.1) * ($1.0 - $1.1)
      }
    }
    let blind = try solve(nil)
    let seen = try solve(Self.passage(bias, upTo: .infinity))
    #expect(seen.count { $0 == 0 } == 160 && blind.count { $0 == 0 } == 160)
    #expect(seen[160...].count { $0 == 0 } > blind[160...].count { $0 == 0 } + 10)
    #expect(error(seen) < 0.8 * error(blind))
  }
}
