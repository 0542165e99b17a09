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

  @Test(arguments: families) func computesTheSameInEachLayoutAndInPlace(family: String) throws {
    for fixture in try FixtureA.load(family) {
      let op = try #require(Operator.named(fixture.op))
      let inputs = try fixture.tensors(fixture.inputs)
      let expected = try fixture.tensors(fixture.outputs)
      for layout in layouts(op, inputs) {
        let node = NodeFacts(node: fixture.node, inputs: facts(inputs, layout))
        let found = try execute(op, node, inputs, outputs: nil)
        for (found, expected) in zip(found, expected) {
          expect(found, equals: try #require(expected), fixture)
        }
      }
    }
  }

  @Test func computesQuantizedNodesExactly() throws {
    for fixture in try FixtureA.load("quantized") {
      let op = try #require(Operator.named(fixture.op))
      #expect(op.quantization != .none)
      let inputs = try fixture.tensors(fixture.inputs)
      let expected = try #require(try fixture.tensors(fixture.outputs)[0])
      for layout in layouts(op, inputs) {
        for inPlace in [false, true] {
          let node = NodeFacts(node: fixture.node, inputs: facts(inputs, layout))
          let found = try execute(
            op, node, inputs, outputs: expected.quantization, inPlace: inPlace)
          expect(found[0], equals: expected, fixture)
        }
      }
    }
  }

  @Test(arguments: ["Relu", "Add", "Softmax", "ReduceMean", "LayerNormalization", "Where"])
  func computesTheSameOnSeveralThreads(name: String) throws {
    let op = try #require(Operator.named(name))
    let x = Tensor((0..<(3 * 23_001)).map { Float($0 % 97) - 40 }, shape: [3, 23_001])
    let row = Tensor((0..<23_001).map { Float($0 % 7) }, shape: [23_001])
    let inputs: [Tensor?] =
      switch name {
      case "Add", "LayerNormalization": [x, row]
      case "ReduceMean": [x, Tensor([Int64(0)])]
      case "Where": [Tensor(type: .bool, shape: [1], bytes: Bytes([1])), x, row]
      default: [x]
      }
    let node = Node(name: "", op: name, inputs: [], outputs: [ValueID(0)])
    let one = try op.evaluate(node: node, inputs: inputs)
    let several = try op.evaluate(node: node, inputs: inputs, pool: ThreadPool(threads: 3))
    #expect(one[0].dense.array == several[0].dense.array)
  }

  /// The layouts that a node may see.
  private func layouts(_ op: Operators.Operator, _ inputs: [Tensor?]) -> [Layout] {
    let hasImages = inputs.contains { $0?.shape.rank == 4 }
    return op.layout == .follow && hasImages ? [.rowMajor, .channelsLast] : [.rowMajor]
  }
}

/// Names the fixture in an error that `body` throws.
private func withKnownContext(_ fixture: FixtureA, _ body: () throws -> Void) throws {
  do { try body() } catch { Issue.record("\(fixture.testDescription): \(error)") }
}
