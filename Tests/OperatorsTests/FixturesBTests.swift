import ModelFormat
import Operators
import Testing

@Suite struct FixturesBTests {
  static let files = [
    "Shaping", "Indexing", "Pooling", "Resizing", "Convolution", "Quantized", "Recurrent", "Einsum",
    "Attention", "Sampling", "Selecting", "Structure",
  ]
  static let cases: [FixtureCase] = files.flatMap { (try? FixtureCase.load($0)) ?? [] }
  /// Cases of operators that take rank-4 tensors in both layouts.
  static let layoutCases = cases.filter { fixture in
    guard let op = Operator.named(fixture.op), op.layout != .rowMajor else { return false }
    return fixture.inputs.contains { $0?.shape.count == 4 }
  }

  @Test func filesAreRead() {
    #expect(Self.cases.count > 600)
    #expect(Self.layoutCases.count > 150)
  }

  @Test(arguments: cases) func agreesWithReference(_ fixture: FixtureCase) throws {
    let op = try #require(Operator.named(fixture.op))
    try fixture.check(op.evaluate(node: fixture.node, inputs: fixture.tensors()))
  }

  @Test(arguments: layoutCases) func agreesWithReferenceInBothLayouts(
    _ fixture: FixtureCase
  ) throws {
    let op = try #require(Operator.named(fixture.op))
    for layout in [Layout.rowMajor, .channelsLast] {
      try fixture.check(op.run(fixture.node, fixture.tensors(), layout: layout))
    }
  }
}
