import ModelFormat
import TestSupport
import Testing

@testable import Interpreter

/// Layers that quantize their input at each run share that step, and its range where the layer before
/// tells it.
@Suite struct SharedQuantizationTests {
  /// A network whose convolutions with `dynamic` names have int8 weights and are dynamic.
  private static func network() throws -> Graph {
    var build = GraphBuilder()
    let x = build.input([2, 3, 9, 8])
    let first = build.conv(x, 40, from: 3, name: "dynamic0")
    let thin = build.conv(first, 40, from: 40, group: 40, name: "float")
    let left = build.conv(thin, 16, from: 40, kernel: 1, name: "dynamic1")
    let right = build.conv(thin, 24, from: 40, name: "dynamic2")
    let sum = build.node("Concat", left, right, attributes: ["axis": .int(1)])
    let rows = build.reshape(build.node("GlobalAveragePool", sum), [2, 40])
    let last = build.nodes(
      "Gemm", [rows, build.weights(10, 40), build.weights(10)], ["transB": .int(1)], outputs: 1,
      name: "dynamic3")[0]
    var graph = build.finish(last, right, build.node("Relu", first))
    try graph.inferShapes()
    for (position, node) in graph.nodes.enumerated() where node.name.hasPrefix("dynamic") {
      guard let weights = node.inputs[1], let tensor = graph[weights].constant else { continue }
      graph[weights].constant = quantized(tensor)
      graph.nodes[position].attributes["quantization"] = .string("dynamic")
    }
    return graph
  }

  private static func quantized(_ tensor: Tensor) -> Tensor {
    let levels = tensor.floats().map { Int8(($0 * 127).rounded(.toNearestOrEven)) }
    return Tensor(
      type: .int8, shape: tensor.shape, bytes: Bytes(elements: levels),
      quantization: Quantization(
        scales: [Float](repeating: 1 / 127, count: tensor.shape[0]), axis: 0))
  }

  @Test func anActivationIsQuantizedOnceForAllItsReaders() throws {
    let steps = try Interpreter(Self.network()).steps
    let quantizing = steps.filter { $0.op == "QuantizeActivation" }
    #expect(quantizing.count == 3)
    #expect(steps.count { $0.isInteger && $0.nodeIndex != nil } == 4)
    #expect(quantizing.allSatisfy { $0.nodeIndex == nil && $0.outputType == .uint8 })
    // The image goes from its planes to bytes in one step.
    #expect(!steps.contains { $0.op == "ChangeLayout" && $0.firstOutputName == "x" })
    // The depthwise layer says what its range is.
    #expect(steps.first { $0.name == "float" }?.outputs.count == 2)
  }

  /// The same network, in which nothing is shared or told: each dynamic layer reads a copy of its own.
  private static func apart(_ graph: Graph) -> Graph {
    var graph = graph
    graph.nodes = graph.nodes.flatMap { node -> [Node] in
      guard node.name.hasPrefix("dynamic"), let input = node.inputs[0] else { return [node] }
      let copy = graph.add(
        Value(name: node.name + ".x", type: .float32, shape: graph[input].shape))
      var reader = node
      reader.inputs[0] = copy
      return [
        Node(name: node.name + ".copy", op: "Identity", inputs: [input], outputs: [copy]), reader,
      ]
    }
    return graph
  }

  @Test(arguments: 1...3) func resultsAreThoseOfSingleLayers(_ threads: Int) throws {
    let graph = try Self.network()
    let interpreter = try Interpreter(graph, threads: threads)
    let single = try Interpreter(Self.apart(graph), threads: 1)
    #expect(single.steps.count { $0.op == "QuantizeActivation" } == 4)
    for seed in UInt64(1)...3 {
      let inputs = Reference.inputs(graph, seed: seed)
      #expect(try interpreter.outputs(for: inputs) == single.outputs(for: inputs))
    }
  }

  /// Each run has a range of its own: what an earlier one left does not count.
  @Test func rangesAreThoseOfTheRun() throws {
    let graph = try Self.network()
    let inputs = Reference.inputs(graph, seed: 4)
    let large = inputs.map { Tensor($0.floats().map { $0 * 1000 }, shape: $0.shape) }
    let interpreter = try Interpreter(graph, threads: 2)
    let expected = try interpreter.outputs(for: inputs)
    _ = try interpreter.outputs(for: large)
    #expect(try interpreter.outputs(for: inputs) == expected)
  }
}
