import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// What folds into weights, and what must not.
@Suite struct FoldingTests {
  static func folded(_ name: String) throws -> Graph {
    try CleanupTests.model(name).applying(GraphPass.normalization + GraphPass.folding)
  }

  @Test func normalizationFoldsIntoConvolutions() throws {
    #expect(try Self.folded("conv-norm").operators == ["Conv", "Relu", "Conv"])
    #expect(try Self.folded("conv-1d").count("BatchNormalization") == 0)
  }

  @Test func normalizationFoldsIntoGemm() throws {
    #expect(try Self.folded("gemm-norm").operators == ["Gemm", "Relu"])
  }

  @Test func normalizationStaysBehindActivationsAndSharedValues() throws {
    #expect(try Self.folded("conv-norm-kept").count("BatchNormalization") == 3)
  }

  @Test func normalizationStaysWhereItsChannelsAreNotTheProducts() throws {
    #expect(try Self.folded("matmul-norm-rank3").count("BatchNormalization") == 1)
    #expect(try Self.folded("transposed-conv-norm").count("BatchNormalization") == 1)
  }

  @Test func normalizationBetweenBlocksFoldsWhereItCan() throws {
    // Of five, the two behind the inner convolutions fold; sums have no weights.
    #expect(try Self.folded("preactivation").count("BatchNormalization") == 3)
  }

  @Test func sharedWeightsAreFoldedOnce() throws {
    let graph = try Self.folded("norm-shared-weights")
    let weights = graph.nodes.filter { $0.op == "Conv" }.compactMap { $0.inputs[1] }
    #expect(Set(weights).count == 2)
  }

  @Test func constantsForChannelsFold() throws {
    #expect(Set(try Self.folded("conv-arithmetic").operators) == ["Conv"])
  }

  @Test func otherConstantsStay() throws {
    let graph = try Self.folded("conv-arithmetic-kept")
    #expect(
      graph.operators == ["Conv", "Sub", "Conv", "Exp", "Div", "Conv", "Add", "Conv", "Mul"])
  }

  @Test func productsWithConstantsBecomeGemm() throws {
    let graph = try Self.folded("matmul-add")
    #expect(graph.operators == ["Gemm", "Relu", "Gemm"])
    for node in graph.nodes where node.op == "Gemm" {
      #expect(node.attributes["transB"] == .int(1) && node.inputs.count == 3)
    }
    #expect(
      try Self.folded("matmul-rank3").operators == [
        "Gemm", "Relu", "Transpose", "MatMul", "Softmax",
      ])
  }

  @Test func factorsOfGemmFold() throws {
    let graph = try Self.folded("gemm-variants")
    let plain = graph.nodes.filter { $0.op == "Gemm" && $0.attributes["transA"] != .int(1) }
    #expect(plain.count == 6)
    #expect(plain.allSatisfy { $0.attributes == ["transB": .int(1)] })
  }

  @Test func biasesOfRowsAreNotTakenForThoseOfColumns() throws {
    #expect(try Self.folded("gemm-column-bias").operators == ["Gemm", "Gemm", "Mul"])
  }

  @Test func meansOverPixelsBecomeGlobalPooling() throws {
    let graph = try CleanupTests.model("means").applying(.recognizeGlobalPooling)
    #expect(graph.count("GlobalAveragePool") == 2)
    #expect(graph.count("ReduceMean") == 4)
    #expect(graph.count("Flatten") == 3)
  }

  @Test func divisionByZeroIsNotFolded() throws {
    var build = GraphBuilder()
    let a = build.conv(build.input([1, 2, 3, 3]), 2, from: 2)
    let zero = build.constant(Tensor([0, 1], shape: [2, 1, 1]))
    let graph = try build.finish(build.node("Div", a, zero)).applying(.foldConstants)
    let before = try graph.outputs(seed: 3)
    let after = try graph.applying(.foldBias).outputs(seed: 3)
    #expect(error(after[0].suffix(9).map { $0 }, before[0].suffix(9).map { $0 }) < 1e-5)
    #expect(zip(before[0], after[0]).prefix(9).allSatisfy { $0 == $1 })
  }
}
