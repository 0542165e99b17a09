import ModelFormat
import Operators
import Testing

@Suite struct FixturesBTests {
  static let files = [
    "Shaping", "Indexing", "Pooling", "Resizing", "Convolution", "Quantized", "Recurrent", "Einsum",
    "Attention", "Sampling", "Selecting", "Structure", "Signal", "Types", "Mathematics",
  ]
  static let cases: [FixtureCase] = files.flatMap { (try? FixtureCase.load($0)) ?? [] }
  /// Cases that are worth damaging: of many that differ in their numbers or types alone, one.
  static let distinctCases: [FixtureCase] = {
    var seen: Set<String> = []
    return cases.filter { fixture in
      let shapes = fixture.inputs.map { $0.map { "\($0.shape.count)" } ?? "-" }.joined()
      let isNew = seen.insert(fixture.op + shapes + "\(fixture.attributes.keys.sorted())").inserted
      return isNew || !arithmetic.contains(fixture.op)
    }
  }()
  /// The operators of Mathematics.json, of which there are hundreds of cases.
  private static let arithmetic = Set(((try? FixtureCase.load("Mathematics")) ?? []).map(\.op))
  /// Cases of operators that take rank-4 tensors in both layouts.
  static let layoutCases = cases.filter { fixture in
    guard let op = Operator.named(fixture.op), op.layout != .rowMajor else { return false }
    return fixture.inputs.contains { $0?.shape.count == 4 }
  }

  @Test func filesAreRead() {
    #expect(Self.cases.count > 800)
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
