import Interpreter
import ModelFormat
import Testing

@testable import Convert

/// Networks of Scripts/make-runtime-operator-fixtures.py: operators of ONNX Runtime's own domain.
@Suite struct RuntimeOperatorTests {
  func graph(_ name: String) throws -> Graph {
    let fixture = try #require(NetworkFixture.runtime.first { $0.name == name })
    return try TestModel(name: name, path: fixture.path).graph()
  }

  @Test func fixturesAreThere() {
    #expect(NetworkFixture.runtime.count >= 45)
  }

  @Test(arguments: NetworkFixture.runtime)
  func computesWhatONNXRuntimeComputes(_ fixture: NetworkFixture) throws {
    let graph = try graph(fixture.name)
    #expect(graph.outputs.map { graph[$0].name } == fixture.outputs.map(\.name))
    #expect(graph.outputs.map { graph[$0].shape?.dimensions } == fixture.outputs.map(\.shape))
    for (found, output) in zip(try graph.outputs(seed: fixture.seed), fixture.outputs) {
      #expect(error(found, output.floats) < Self.tolerance(fixture), "\(output.name)")
    }
  }

  @Test(arguments: NetworkFixture.runtime)
  func computesTheSameAfterAllPasses(_ fixture: NetworkFixture) throws {
    let interpreter = try LoadedModel(path: fixture.path).interpreter(threads: 2)
    for (found, output) in zip(try interpreter.outputs(seed: fixture.seed), fixture.outputs) {
      #expect(error(found, output.floats) < Self.tolerance(fixture), "\(output.name)")
    }
  }

  @Test(arguments: [
    ("qlinear-sigmoid-u8", ["QuantizeLinear", "DequantizeLinear", "Sigmoid", "QuantizeLinear"]),
    ("qgemm-float", ["QuantizeLinear", "DequantizeLinear", "Gemm"]),
    ("dynamic-matmul-plain", ["DynamicQuantizeLinear", "MatMulInteger", "Cast", "Mul", "Mul"]),
    ("fused-conv-sum", ["Conv", "Add", "Relu"]),
    ("fused-matmul-b-constant", ["Gemm"]),
    ("fused-matmul-ab-computed", ["com.microsoft.FusedMatMul"]),
  ])
  func becomesKnownOperators(_ name: String, _ expected: [String]) throws {
    let graph = try graph(name)
    #expect(Array(graph.operators.prefix(expected.count)) == expected)
  }

  /// ONNX Runtime's DynamicQuantizeLSTM quantizes the input and the state at each step, we do not.
  static func tolerance(_ fixture: NetworkFixture) -> Double {
    fixture.name.hasPrefix("dynamic-lstm") && !fixture.name.hasSuffix("-real") ? 0.05 : 1e-4
  }

  @Test(arguments: ["one", "one-channels", "both", "both-channels"])
  func quantizedRecurrenceIsThatOfItsRealWeights(_ name: String) throws {
    let quantized = try graph("dynamic-lstm-\(name)").outputs(seed: 5)
    let real = try graph("dynamic-lstm-\(name)-real").outputs(seed: 5)
    for (found, expected) in zip(quantized, real) { #expect(error(found, expected) < 1e-5) }
  }

  @Test(arguments: ["one", "one-channels", "both"])
  func weightsOfRecurrenceStayIntegers(_ name: String) throws {
    let graph = try graph("dynamic-lstm-\(name)")
    let node = try #require(graph.nodes.first { $0.op == "LSTM" })
    for index in 1...2 {
      let weights = try #require(node.inputs[index].flatMap { graph[$0].constant })
      #expect(weights.type.size == 1 && weights.quantization != nil)
    }
  }

  @Test func quantizedWeightsKeepTheirIntegers() throws {
    let graph = try graph("qgemm-float")
    let gemm = try #require(graph.nodes.first { $0.op == "Gemm" })
    let weights = try #require(gemm.inputs[1].flatMap { graph[$0].constant })
    #expect(weights.type == .int8 && weights.quantization?.axis == 0)
  }

  @Test func packedWeightsStayPackedInTheFile() throws {
    let graph = try graph("nbits-4-tail")
    let node = try #require(graph.nodes.first { $0.op == "com.microsoft.MatMulNBits" })
    let weights = try #require(node.inputs[1].flatMap { graph[$0].constant })
    // 6 rows of 40 weights: two blocks of 32, of half a byte each.
    #expect(weights.type == .uint8 && weights.shape == [6, 2, 16])
    #expect(node.inputs.count == 5)
  }
}
