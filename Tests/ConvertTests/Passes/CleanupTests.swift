import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// What each clean-up does to the form of a graph.
@Suite struct CleanupTests {
  static func model(_ name: String) throws -> Graph {
    try TestModel(name: name, path: NetworkFixture.named(name).path).graph()
  }

  @Test func identitiesAndDropoutsVanish() throws {
    let graph = try Self.model("identities").applying(.removeIdentities)
    // One stays for each output that is another's copy, or an input's.
    #expect(graph.count("Dropout") == 0 && graph.count("Identity") == 2)
    #expect(graph.outputs.map { graph[$0].name }.prefix(3) == ["first", "second", "third"])
  }

  @Test func identitiesInARowVanish() throws {
    var build = GraphBuilder()
    var x = build.input([2])
    for _ in 0..<4 { x = build.node("Identity", x) }
    let y = build.node("Identity", build.node("Relu", x))
    let graph = try build.finish(y).applying(.foldConstants, .removeIdentities)
    #expect(graph.operators == ["Relu"])
    #expect(graph[graph.outputs[0]].name == build.graph[y].name)
  }

  @Test func shapeSubgraphsBecomeConstants() throws {
    let graph = try Self.model("shape-tail")
    #expect(graph.operators == ["Conv", "Relu", "Reshape", "Gemm"])
    let shape = try #require(graph.nodes[2].inputs[1])
    #expect(graph[shape].constant?.integers() == [1, -1])
  }

  @Test func everyValueHasAShapeAfterFolding() throws {
    for model in TestModel.all {
      let graph = try model.graph()
      #expect(graph.values.allSatisfy { $0.shape != nil }, "\(model.name)")
    }
  }

  @Test func largeResultsAreNotFolded() throws {
    var build = GraphBuilder()
    let extents = build.constant(Tensor([Int64(1000), 1000]))
    let large = build.node("Expand", build.weights(1, 1), extents)
    let x = build.input([1000])
    let graph = try build.finish(build.node("Add", large, x)).applying(.foldConstants)
    #expect(graph.operators == ["Expand", "Add"])
  }

  @Test func whatDependsOnConstantsAloneIsComputed() throws {
    var build = GraphBuilder()
    let a = build.constant(Tensor([1, 2, 3], shape: [3]))
    let b = build.node("Mul", build.node("Add", a, a), a)
    let graph = try build.finish(build.node("Neg", b)).applying(.foldConstants)
    #expect(graph.nodes.isEmpty)
    #expect(graph[graph.outputs[0]].constant?.floats() == [-2, -8, -18])
  }

  @Test func deadNodesVanishWithTheirConstants() throws {
    var build = GraphBuilder()
    let x = build.input([1, 3, 4, 4])
    let kept = build.conv(x, 2, from: 3)
    _ = build.node("Relu", build.conv(kept, 4, from: 2))
    let graph = try build.finish(kept).applying(.removeDeadNodes)
    #expect(graph.operators == ["Conv"])
    #expect(graph.values.count == 4)
  }

  @Test func partsOfASplitThatNobodyReadsStay() throws {
    let graph = try Self.model("unread-outputs").applying(.removeDeadNodes)
    #expect(graph.nodes.first { $0.op == "Split" }?.outputs.count == 3)
    #expect(graph.count("Neg") == 0 && graph.count("Exp") == 0)
  }

  @Test func equalConstantsBecomeOne() throws {
    let before = try Self.model("shared-constants")
    let after = try before.applying(.shareConstants, .removeDeadNodes)
    func constants(_ graph: Graph) -> Int { graph.values.count { $0.constant != nil } }
    // Two of four elements and two bounds are equal; one differs in its shape.
    #expect(constants(before) - constants(after) == 2)
  }

  @Test func negativeZeroIsNotZero() throws {
    var build = GraphBuilder()
    let x = build.input([1])
    let a = build.node("Div", x, build.constant(Tensor([0.0], shape: [1])))
    let b = build.node("Div", x, build.constant(Tensor([-0.0], shape: [1])))
    var graph = build.finish(a, b)
    #expect(try GraphPass.shareConstants.apply(&graph) == 0)
  }

  @Test func constantsOfAnotherTypeOrShapeStay() throws {
    var build = GraphBuilder()
    let values = [
      Tensor([1.0], shape: [1]), Tensor([1.0], shape: [1, 1]),
      Tensor(type: .int32, shape: [1], bytes: Bytes(elements: [Float(1)])),
    ].map { build.constant($0) }
    var graph = build.finish(values[0], values[1], values[2])
    #expect(try GraphPass.shareConstants.apply(&graph) == 0)
  }
}
