import Interpreter
import ModelFormat
import Operators
import TestSupport
import Testing

@testable import Convert

/// Models that arrive quantized compute in integers, with their own parameters.
@Suite struct QuantizedModelTests {
  @Test func fixturesAreThere() {
    #expect(NetworkFixture.quantized.count == 8)
  }

  @Test(arguments: NetworkFixture.quantized)
  func computesInIntegersWhatONNXRuntimeComputes(_ fixture: NetworkFixture) throws {
    let conversion = try Conversion(fixture.path)
    let graph = conversion.model.graph
    for node in graph.nodes where !["QuantizeLinear", "DequantizeLinear"].contains(node.op) {
      let input = try #require(node.inputs[0])
      #expect(graph[input].type == .uint8, "\(node.name) reads \(graph[input].type)")
    }
    #expect(graph.count("QuantizeLinear") == 1)
    #expect(graph.count("Conv") == 6 && graph.count("Gemm") == 1)
    #expect(conversion.report.passes.contains { $0.name == "recognize-quantization" })
    #expect(conversion.report.leftInFloat.isEmpty)

    let last = try #require(graph.nodes.last)
    #expect(last.op == "DequantizeLinear")
    let step = try #require(last.inputs[0].flatMap { graph[$0].quantization?.scales[0] })
    let outputs = try conversion.model.interpreter().outputs(seed: fixture.seed)
    // Weights with a zero point may have to be rounded; all others are exact.
    let allowed: Float = fixture.name.hasSuffix("u8u8") ? 6 : 1
    for (found, output) in zip(outputs, fixture.outputs) {
      for (a, b) in zip(found, output.floats) {
        #expect(abs(a - b) <= step * (allowed + 0.01), "\(a) \(b), step \(step)")
      }
    }
  }

  @Test(arguments: NetworkFixture.quantized)
  func weightsStayAsSmallAsTheyCame(_ fixture: NetworkFixture) throws {
    let graph = try Conversion(fixture.path).model.graph
    for node in graph.nodes where node.op == "Conv" || node.op == "Gemm" {
      let tensor = try #require(node.inputs[1].flatMap { graph[$0].constant })
      #expect(tensor.type == .int8 && tensor.quantization?.isSymmetric == true)
    }
  }

  @Test func excludedLayersStayFloatBetweenTheirSteps() throws {
    let fixture = try #require(NetworkFixture.quantized.first { $0.name == "qdq-u8s8" })
    let conversion = try Conversion(fixture.path) { $0.exclude = "Gemm.*" }
    #expect(conversion.report.leftInFloat.map(\.reason) == ["excluded"])
    let gemm = try #require(conversion.operators.first { $0.op == "Gemm" })
    #expect(gemm.input == .float32)
  }

  @Test func stepsChangePlacesWithWhatMovesElements() throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 4, 6, 6])
    let (scale, zero) = (builder.constant(Self.scale(0.02)), builder.constant(Self.zero(0)))
    let q = builder.node("QuantizeLinear", x, scale, zero)
    let back = builder.node("DequantizeLinear", q, scale, zero)
    let pooled = builder.nodes(
      "MaxPool", [back], ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])], outputs: 1)[0]
    let clamped = builder.node("Relu", pooled)
    let again = builder.node("QuantizeLinear", clamped, scale, zero)
    let y = builder.node("DequantizeLinear", again, scale, zero)
    var graph = builder.finish(y)
    _ = try GraphPass.foldConstants.apply(&graph)
    let expected = try graph.outputs(seed: 3)
    let tidied = try graph.applying(.tidyQuantization, .removeDeadNodes)
    #expect(tidied.operators == ["QuantizeLinear", "MaxPool", "DequantizeLinear"])
    #expect(try tidied.outputs(seed: 3) == expected)
  }

  @Test func clampsThatIntegersDoNotMakeStay() throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 4, 6, 6])
    let (scale, zero) = (builder.constant(Self.scale(0.02)), builder.constant(Self.zero(100)))
    let clamped = builder.node("Relu", x)
    let q = builder.node("QuantizeLinear", clamped, scale, zero)
    var graph = builder.finish(builder.node("DequantizeLinear", q, scale, zero))
    _ = try GraphPass.foldConstants.apply(&graph)
    #expect(try graph.applying(.tidyQuantization).operators.contains("Relu"))
  }

  @Test func weightsWithZeroPointsKeepWhatFitsEightBits() throws {
    let stored: [UInt8] = [171, 255, 100, 44, 0, 171, 200, 171]
    let tensor = Tensor(
      type: .uint8, shape: [2, 4], bytes: Bytes(stored),
      quantization: Quantization(scale: 0.5, zeroPoint: 171))
    let rows = try #require(tensor.symmetricRows())
    #expect(!rows.isExact && rows.tensor.type == .int8)
    let (found, expected) = (rows.tensor.floats(), tensor.floats())
    #expect(Array(found[..<4]) == Array(expected[..<4]))
    // The second row reaches from -171 to 29 steps: rounded to steps that are 171/127 as wide.
    let half: Float = 0.5 * 171 / 127 / 2
    for (a, b) in zip(found[4...], expected[4...]) { #expect(abs(a - b) <= half + 0.01) }
    let narrow = Tensor(
      type: .uint8, shape: [1, 2], bytes: Bytes([10, 200]),
      quantization: Quantization(scale: 0.5, zeroPoint: 100))
    let exact = try #require(narrow.symmetricRows())
    #expect(exact.isExact && exact.tensor.floats() == narrow.floats())
  }

  private static func scale(_ value: Float) -> Tensor { Tensor([value], shape: []) }
  private static func zero(_ value: UInt8) -> Tensor {
    Tensor(type: .uint8, shape: [], bytes: Bytes([value]))
  }
}
