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

  @Test func integerConvolutionsTakeNoResiduals() throws {
    var build = GraphBuilder()
    let x = build.input([1, 4, 4, 4])
    let a = build.conv(x, 4, from: 4)
    var graph = try build.finish(build.node("Add", a, x)).applying(.foldConstants)
    graph.nodes[0].attributes["quantization"] = .string("dynamic")
    #expect(try GraphPass.fuseResidual.apply(&graph) == 0)
  }

  @Test func constantsAreNoResiduals() throws {
    var build = GraphBuilder()
    let a = build.conv(build.input([1, 4, 4, 4]), 4, from: 4)
    var graph = try build.finish(build.node("Add", a, build.weights(1, 4, 4, 4)))
      .applying(.foldConstants)
    #expect(try GraphPass.fuseResidual.apply(&graph) == 0)
  }
}
