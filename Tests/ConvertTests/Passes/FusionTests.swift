import Interpreter
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// What joins the store of a convolution, and what must not.
@Suite struct FusionTests {
  static func fused(_ name: String) throws -> Graph {
    try CleanupTests.model(name).applying(PassTests.pipeline)
  }

  @Test func clampsJoinTheConvolutionBeforeThem() throws {
    let graph = try Self.fused("clamps")
    // A second clamp behind a fused one stays.
    #expect(graph.count("Relu") == 1 && graph.count("Clip") == 1)
    let first = try #require(graph.nodes.first)
    #expect(first.attributes["activation"] == .string("Clip"))
    #expect(first.attributes["activation_min"] == .float(0))
    #expect(first.attributes["activation_max"] == .float(6))
    #expect(graph.nodes.last?.op == "Gemm")
    #expect(graph.nodes.last?.attributes["activation"] == .string("Relu"))
  }

  @Test func clampsWithOneBoundLeaveTheOtherOpen() throws {
    let graph = try Self.fused("clamps")
    let second = graph.nodes[1].attributes
    #expect(second["activation_min"] == .float(-0.5))
    #expect(second["activation_max"] == .float(.greatestFiniteMagnitude))
  }

  @Test func clampsOfSharedValuesAndComputedBoundsStay() throws {
    let graph = try Self.fused("clamps-kept")
    #expect(graph.count("Clip") == 1 && graph.count("Relu") == 2)
  }

  @Test func additionsJoinTheConvolutionBeforeThem() throws {
    let graph = try Self.fused("residual")
    #expect(graph.count("Add") == 0)
    #expect(graph.nodes.count { $0.op == "Conv" && $0.inputs.count == 4 } == 4)
    let relus = graph.nodes.count { $0.inputs.count == 4 && $0.attributes["activation"] != nil }
    #expect(relus == 2)
  }

  @Test func additionsOfSharedOperandsStay() throws {
    let graph = try Self.fused("residual-kept")
    // Convolutions read twice, an output, added to itself, broadcast, and with an activation.
    #expect(graph.count("Add") == 5)
    #expect(graph.nodes.allSatisfy { $0.op != "Conv" || $0.inputs.count == 3 })
  }

  @Test func sumsThatAreOutputsKeepTheirActivationApart() throws {
    let graph = try Self.fused("residual-output")
    #expect(graph.operators == ["Conv", "Relu"])
    #expect(graph.nodes[0].inputs.count == 4 && graph.nodes[0].attributes["activation"] == nil)
  }

  @Test func depthwiseAndGroupedConvolutionsTakeResiduals() throws {
    let graph = try Self.fused("residual-depthwise")
    #expect(graph.count("Add") == 0)
  }

  @Test func sumsBehindOneDimensionalConvolutionsStay() throws {
    let graph = try Self.fused("residual-1d")
    #expect(graph.count("Add") == 2)
  }

  @Test func dynamicConvolutionsTakeNoResiduals() throws {
    var build = GraphBuilder()
    let x = build.input([1, 4, 4, 4])
    let a = build.conv(x, 4, from: 4)
    var graph = try build.finish(build.node("Add", a, x)).applying(.foldConstants)
    graph.nodes[0].attributes["quantization"] = .string("dynamic")
    #expect(try GraphPass.fuseResidual.apply(&graph) == 0)
  }

  /// Two blocks of a residual network, and the same with uint8 activations.
  private static func blocks() throws -> (float: Graph, quantized: Graph) {
    var build = GraphBuilder()
    let x = build.input([1, 16, 8, 8])
    let first = build.conv(x, 16, from: 16)
    let sum = build.node("Relu", build.node("Add", build.conv(first, 16, from: 16), first))
    // Relu before the addition: it must not be lost.
    let second = build.node("Relu", build.conv(sum, 16, from: 16))
    let last = build.conv(build.node("Add", second, sum), 16, from: 16)
    let float = try build.finish(last).applying(.foldConstants)
    var calibrator = Calibrator(float)
    let interpreter = try Interpreter(float, threads: 1)
    interpreter.load(seed: 7)
    try calibrator.run(interpreter)
    let parameters = calibrator.observers.map { observer in
      observer.flatMap { RangeChoice.range($0, .minmax) }.map { RangeChoice.parameters($0) }
    }
    var graph = float
    let effect = QuantizeActivations(parameters: parameters, filter: .none).apply(&graph)
    #expect(effect.layers == 4)
    return (float, graph)
  }

  @Test func integerConvolutionsTakeResidualsOfIntegers() throws {
    let (float, quantized) = try Self.blocks()
    #expect(quantized.count("Add") == 2 && quantized.count("Relu") == 0)
    let fused = try quantized.applying(.fuseResidual, .removeDeadNodes)
    // The second Conv has an activation of its own.
    #expect(fused.count("Add") == 1)
    #expect(fused.nodes.count { $0.op == "Conv" && $0.inputs.count == 4 } == 1)
    let exact = try float.outputs(seed: 7)[0]
    let separate = try quantized.outputs(seed: 7)[0]
    let together = try fused.outputs(seed: 7)[0]
    func error(_ outputs: [Float]) -> Float {
      zip(outputs, exact).map { ($0 - $1).magnitude }.reduce(0, +) / Float(exact.count)
    }
    let size = exact.map(\.magnitude).reduce(0, +) / Float(exact.count)
    #expect(error(together) < 0.03 * size)
    #expect(error(together) <= error(separate) * 1.02)
  }

  @Test func constantsAreNoResiduals() throws {
    var build = GraphBuilder()
    let a = build.conv(build.input([1, 4, 4, 4]), 4, from: 4)
    var graph = try build.finish(build.node("Add", a, build.weights(1, 4, 4, 4)))
      .applying(.foldConstants)
    #expect(try GraphPass.fuseResidual.apply(&graph) == 0)
  }
}
