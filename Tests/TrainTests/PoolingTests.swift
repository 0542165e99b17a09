import Interpreter
import ModelFormat
import TestSupport
import Testing

@testable import Train

@Suite struct PoolingDerivativeTests {
  static let attributes: [[String: Attribute]] = [
    ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])],
    ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])],
    ["kernel_shape": .ints([3, 2]), "pads": .ints([1, 0, 0, 1]), "count_include_pad": .int(1)],
    ["kernel_shape": .ints([2, 2]), "strides": .ints([3, 2]), "ceil_mode": .int(1)],
  ]

  @Test(arguments: ["MaxPool", "AveragePool"], attributes)
  func windows(_ op: String, _ stated: [String: Attribute]) throws {
    var attributes = stated
    if op == "MaxPool" { attributes["count_include_pad"] = nil }
    try check(op, attributes, isBehindConvolution: false)
    try check(op, attributes, isBehindConvolution: true)
  }

  private func check(
    _ op: String, _ attributes: [String: Attribute], isBehindConvolution: Bool
  ) throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 5, 7, 9])
    let bias = builder.weights(5, 1, 1)
    var sum = builder.node("Add", x, bias)
    if isBehindConvolution { sum = builder.conv(sum, 5, from: 5) }
    let y = builder.node(op, sum, attributes: attributes)
    let z = builder.node("Add", y, y)
    try GradientCheck(
      graph: builder.finish(z), batch: 3, parameters: [bias], threads: 2,
      step: op == "MaxPool" ? 1e-4 : 1e-2, tolerance: 3e-2
    ).run()
  }

  @Test(arguments: ["GlobalMaxPool", "GlobalAveragePool"]) func all(_ op: String) throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 5, 7, 3])
    let scale = builder.weights(5, 1, 1)
    let y = builder.node(op, builder.node("Mul", x, scale))
    try GradientCheck(
      graph: builder.finish(y), parameters: [scale], step: 1e-4, tolerance: 3e-2
    ).run()
  }
}

@Suite struct MatMulDerivativeTests {
  static let shapes: [(Shape, Shape)] = [
    ([1, 5], [5, 7]), ([1, 3, 5], [5, 7]), ([1, 1, 3, 5], [4, 5, 2]), ([1, 2, 3, 5], [5]),
    ([1, 2, 3, 40], [2, 40, 33]),
  ]

  @Test(arguments: shapes) func products(_ a: Shape, _ b: Shape) throws {
    var builder = GraphBuilder()
    let x = builder.input(a)
    var random = SeededGenerator(seed: 3)
    let weights = builder.constant(Tensor(random.uniform(b.count), shape: b))
    let y = builder.node("MatMul", x, weights)
    try GradientCheck(graph: builder.finish(y), batch: 3, parameters: [weights], threads: 2).run()
  }
}

@Suite struct BatchTests {
  @Test func extentsWithTheBatchGetTheNewOne() throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 4, 6])
    let bias = builder.weights(6)
    let sum = builder.node("Add", x, bias)
    let heads = builder.reshape(sum, [4, 2, 3])
    let back = builder.reshape(heads, [1, 24])
    try GradientCheck(graph: builder.finish(back), batch: 3, parameters: [bias]).run()
  }

  @Test func microBatchesAddUpAndThreadsChangeNothing() throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 3, 20, 20])
    let first = builder.node("Relu", builder.conv(x, 24, from: 3))
    let pooled = builder.node("GlobalAveragePool", builder.conv(first, 40, from: 24))
    let y = builder.reshape(pooled, [1, 40])
    var graph = builder.finish(y)
    try graph.inferShapes()
    let parameters = graph.values.indices.map { ValueID($0) }
      .filter { graph[$0].constant?.type == .float32 }
    var random = SeededGenerator(seed: 5)
    let images = random.uniform(12 * 1200)
    let seeds = random.uniform(12 * 40)
    func gradients(batch: Int, threads: Int) throws -> [Float] {
      let network = try TrainingNetwork(
        graph, batch: batch, parameters: parameters, threads: threads)
      network.clearGradients()
      for part in 0..<12 / batch {
        let input = try network.activation(x)
        for i in input.indices { input[i] = images[part * input.count + i] }
        network.forward()
        let gradient = try #require(try network.gradient(of: y))
        for i in gradient.indices { gradient[i] = seeds[part * gradient.count + i] }
        network.backward()
      }
      return [Float](network.gradients)
    }
    let whole = try gradients(batch: 12, threads: 1)
    for threads in [2, 3, 5] { #expect(try gradients(batch: 12, threads: threads) == whole) }
    let parts = try gradients(batch: 4, threads: 2)
    for (a, b) in zip(whole, parts) { #expect(abs(a - b) <= 1e-4 * max(1, abs(a))) }
    let sizes = try [4, 8].map {
      try TrainingNetwork.bytes(graph, batch: $0, parameters: parameters)
    }
    #expect(sizes[1] > sizes[0] && sizes[1] < 2 * sizes[0] + 4096)
  }

  @Test func operatorsWithoutDerivativeAreNamed() throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 8])
    let bias = builder.weights(8)
    let y = builder.node("Ceil", builder.node("Add", x, bias), name: "up")
    var graph = builder.finish(y)
    try graph.inferShapes()
    #expect(throws: TrainingError.noDerivative(node: "up", op: "Ceil")) {
      _ = try TrainingNetwork(graph, batch: 2, parameters: [bias])
    }
    // Where no parameter lies before it, it may stay.
    let scale = builder.weights(8)
    graph = builder.finish(builder.node("Mul", builder.node("Ceil", x), scale))
    try graph.inferShapes()
    _ = try TrainingNetwork(graph, batch: 2, parameters: [scale])
  }
}
