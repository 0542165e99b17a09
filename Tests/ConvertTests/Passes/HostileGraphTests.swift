import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// A small file can describe much: passes keep memory and time in proportion to it.
@Suite struct HostileGraphTests {
  /// The bytes of all constants as operators see them.
  func constantBytes(_ graph: Graph) -> Int {
    graph.values.reduce(0) { $0 + ($1.constant?.shape.count ?? 0) * $1.type.size }
  }

  @Test func constantsThatDoubleAreNotFoldedForever() throws {
    var builder = GraphBuilder()
    let x = builder.input([1])
    var value = builder.weights(1024)
    for _ in 0..<20 { value = builder.node("Concat", value, value, attributes: ["axis": .int(0)]) }
    var graph = builder.finish(builder.node("Add", x, value))
    let held = constantBytes(graph)
    _ = try GraphPass.foldConstants.apply(&graph)
    #expect(constantBytes(graph) <= GrowthBudget.freeBytes + 9 * held)
    #expect(graph.nodes.count > 4)
    #expect(graph[graph.outputs[0]].shape == [1024 << 20])
  }

  @Test func manyNodesDoNotMultiplyOneConstant() throws {
    var builder = GraphBuilder()
    let shape = builder.constant(Tensor([4096, 1]))
    let one = builder.constant(Tensor([1], shape: [1]))
    var sum = builder.input([4096, 1])
    for _ in 0..<6000 {
      let filled = builder.node("ConstantOfShape", shape, one)
      sum = builder.node("Add", sum, builder.node("Add", filled, filled))
    }
    var graph = builder.finish(sum)
    let held = constantBytes(graph)
    _ = try GraphPass.foldConstants.apply(&graph)
    #expect(constantBytes(graph) <= GrowthBudget.freeBytes + 9 * held)
  }

  @Test func workForConstantsIsBounded() throws {
    var builder = GraphBuilder()
    let x = builder.input([256, 256])
    let left = builder.weights(256, 4096)
    let right = builder.weights(4096, 256)
    var sum = x
    for _ in 0..<400 { sum = builder.node("Add", sum, builder.node("MatMul", left, right)) }
    var graph = builder.finish(sum)
    _ = try GraphPass.foldConstants.apply(&graph)
    let products = graph.nodes.count { $0.op == "MatMul" }
    #expect(products > 380 && products < 400)
  }

  @Test func sharedWeightsStayShared() throws {
    var builder = GraphBuilder()
    let weights = builder.weights(64, 64)
    var value = builder.input([1, 64])
    for _ in 0..<100 { value = builder.node("MatMul", value, weights) }
    var graph = builder.finish(value)
    for pass in GraphPass.normalization { _ = try pass.apply(&graph) }
    #expect(graph.nodes.allSatisfy { $0.op == "Gemm" } && graph.nodes.count == 100)
    _ = try GraphPass.removeDeadNodes.apply(&graph)
    #expect(constantBytes(graph) == 64 * 64 * 4)
  }

  @Test func weightsAreNotScaledForEachOfManyNodes() throws {
    var builder = GraphBuilder()
    let weights = builder.weights(512, 512)
    var value = builder.input([1, 512])
    let factors = builder.weights(512)
    for _ in 0..<400 {
      let product = builder.nodes(
        "Gemm", [value, weights], ["transB": .int(1)], outputs: 1)[0]
      value = builder.node("Mul", product, factors)
    }
    var graph = builder.finish(value)
    for pass in GraphPass.normalization + GraphPass.folding { _ = try pass.apply(&graph) }
    // Two passes fold such products, each with a budget of its own.
    #expect(constantBytes(graph) <= 4 * GrowthBudget.freeBytes)
    #expect(graph.nodes.contains { $0.op == "Mul" })
  }

  /// What takes time that grows with the square of the nodes takes minutes here.
  @Test(.timeLimit(.minutes(1)), arguments: ["Add", "Relu", "Conv", "Clip"])
  func manyNodesTakeLinearTime(_ op: String) throws {
    var builder = GraphBuilder()
    var value = builder.input([1, 1, 1, 1])
    let other = builder.input([1, 1, 1, 1], name: "other")
    let constant = builder.constant(Tensor([1], shape: []))
    let weights = builder.constant(Tensor([1], shape: [1, 1, 1, 1]))
    for _ in 0..<(1 << 15) {
      switch op {
      case "Add": value = builder.node("Add", builder.node("Add", value, constant), other)
      case "Conv":
        value = builder.node("Add", builder.node("Conv", value, weights), other)
        value = builder.node("Mul", value, constant)
      case "Clip": value = builder.node(op, value, constant, constant)
      default: value = builder.node(op, value)
      }
    }
    var graph = builder.finish(value)
    for pass in GraphPass.normalization + GraphPass.folding + GraphPass.fusion
      + GraphPass.finishing
    {
      _ = try pass.apply(&graph)
    }
    #expect(graph.nodes.count >= 1 << 15)
  }
}
