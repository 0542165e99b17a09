import ModelFormat
import Testing

@testable import Kernels
@testable import Operators

/// The files of fixtures, by family.
private let families = ["unary", "cast", "binary", "comparisons", "reductions", "normalization"]

@Suite struct ArithmeticTests {
  @Test(arguments: families) func computesWhatOtherRuntimesCompute(family: String) throws {
    for fixture in try FixtureA.load(family) {
      let op = try #require(Operator.named(fixture.op))
      let inputs = try fixture.tensors(fixture.inputs)
      let expected = try fixture.tensors(fixture.outputs)
      try withKnownContext(fixture) {
        let found = try op.evaluate(node: fixture.node, inputs: inputs)
        #expect(found.count == expected.count, "\(fixture.testDescription)")
        for (found, expected) in zip(found, expected) {
          expect(found, equals: try #require(expected), fixture)
        }
      }
    }
  }

  @Test(arguments: families) func computesTheSameInChannelsLastAndInPlace(family: String) throws {
    var compared = 0
    for fixture in try FixtureA.load(family) {
      let op = try #require(Operator.named(fixture.op))
      let inputs = try fixture.tensors(fixture.inputs)
      guard let found = try evaluateChannelsLast(op, fixture.node, inputs) else { continue }
      let expected = try fixture.tensors(fixture.outputs)
      for (found, expected) in zip(found, expected) {
        expect(found, equals: try #require(expected), fixture)
      }
      compared += 1
    }
    #expect(compared > 3)
  }
}

/// Names the fixture in an error that `body` throws.
private func withKnownContext(_ fixture: FixtureA, _ body: () throws -> Void) throws {
  do { try body() } catch { Issue.record("\(fixture.testDescription): \(error)") }
}
