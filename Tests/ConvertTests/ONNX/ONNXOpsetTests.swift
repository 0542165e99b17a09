import ModelFormat
import Testing

@testable import Convert

@Suite struct ONNXOpsetTests {
  @Test func boundsOfClipBecomeInputs() throws {
    let both = try ONNXFixture.load("clip-6")
    #expect(both.operators == ["Clip"])
    #expect(both.constant(1)?.floats() == [-1] && both.constant(2)?.floats() == [6])
    #expect(both.constant(1)?.shape == [])
    #expect(both.graph.nodes[0].attributes.isEmpty)
    #expect(try ONNXFixture.load("clip-6-max").operands == [true, false, true])
    #expect(try ONNXFixture.load("clip-11").operands == [true, false, true])
  }

  @Test(arguments: ["add-6-axis", "add-6-axis-negative", "prelu-6"])
  func secondOperandsAreAlignedAsOldOperatorsMeantThem(_ name: String) throws {
    var graph = try ONNXFixture.load(name).graph
    _ = try GraphPass.foldConstants.apply(&graph)
    // What computes the alignment has vanished.
    let node = try #require(graph.nodes.first)
    #expect(graph.nodes.count == 1 && node.attributes.isEmpty)
    let operand = try #require(node.inputs[1].flatMap { graph[$0].constant })
    #expect(operand.shape == [3, 1, 1] && operand.floats() == [1, 2, 3])
  }

  @Test func whatIsAlignedAtItsEndStays() throws {
    for name in ["add-6-end", "gemm-6"] {
      let model = try ONNXFixture.load(name)
      #expect(model.graph.nodes.count == 1 && model.graph.nodes[0].attributes.isEmpty)
    }
  }

  @Test func theShapeOfAnOldReshapeBecomesAnInput() throws {
    let model = try ONNXFixture.load("reshape-1")
    #expect(model.constant(1)?.integers() == [2, 2])
    #expect(model.graph.nodes[0].attributes.isEmpty)
  }

  @Test func attributesOfPadBecomeInputs() throws {
    let old = try ONNXFixture.load("pad-2")
    #expect(old.constant(1)?.integers() == [0, 1, 0, 2] && old.constant(2)?.floats() == [0.5])
    #expect(old.graph.nodes[0].attributes == ["mode": .string("constant")])
    #expect(try ONNXFixture.load("pad-11").operands == [true, true])
  }

  @Test func attributesOfSliceBecomeInputs() throws {
    let old = try ONNXFixture.load("slice-1")
    #expect(old.constant(1)?.integers() == [0] && old.constant(2)?.integers() == [2])
    #expect(old.constant(3)?.integers() == [1])
    #expect(try ONNXFixture.load("slice-10").operands == [true, true, true])
  }

  @Test(arguments: [
    ("squeeze-1", [Int64(0)]), ("unsqueeze-1", [0, 3]), ("unsqueeze-13", [0]),
    ("reduce-sum-11", [1]), ("reduce-mean-13", [1]), ("reduce-mean-18", [1]),
  ])
  func axesBecomeAnInput(_ name: String, _ axes: [Int64]) throws {
    let model = try ONNXFixture.load(name)
    #expect(model.constant(1)?.integers() == axes)
    #expect(model.attribute("axes") == nil)
  }

  @Test func squeezeWithoutAxesHasNone() throws {
    #expect(try ONNXFixture.load("squeeze-all").operands == [true])
  }

  @Test func softmaxOverSeveralDimensionsIsFlattened() throws {
    for name in ["softmax-11", "softmax-11-computed"] {
      let model = try ONNXFixture.load(name)
      #expect(model.operators.suffix(4) == ["Shape", "Flatten", "Softmax", "Reshape"])
      #expect(model.graph.nodes.suffix(2).first?.attributes["axis"] == .int(1))
      let reshape = try #require(model.graph.nodes.last)
      #expect(reshape.inputs[1] == model.graph.nodes.first { $0.op == "Shape" }?.outputs[0])
      #expect(model.graph[model.graph.outputs[0]].name == "y")
    }
    #expect(
      try ONNXFixture.load("log-softmax-11").operators == [
        "Shape", "Flatten", "LogSoftmax", "Reshape",
      ])
  }

  @Test(arguments: [("softmax-11-last", Int64(-1)), ("softmax-11-rank-2", 1), ("softmax-13", -1)])
  func softmaxOverTheLastDimensionStays(_ name: String, _ axis: Int64) throws {
    let model = try ONNXFixture.load(name)
    #expect(model.operators == ["Softmax"] && model.attribute("axis") == .int(axis))
  }

  @Test func sizesOfSplitBecomeAnInput() throws {
    #expect(try ONNXFixture.load("split-2").constant(1)?.integers() == [1, 3])
    #expect(try ONNXFixture.load("split-13").constant(1)?.integers() == [1, 3])
    for name in ["split-2-equal", "split-18"] {
      let model = try ONNXFixture.load(name)
      #expect(model.attribute("num_outputs") == .int(2) && model.operands == [true])
    }
  }

  @Test(arguments: [
    ("resize-10", "nearest", "floor"), ("resize-10-linear", "linear", "floor"),
    ("resize-10-shrink", "nearest", "ceil"), ("upsample-7", "nearest", "floor"),
    ("upsample-9", "linear", "floor"),
  ])
  func oldResizeCountsFromTheCorner(_ name: String, _ mode: String, _ rounding: String) throws {
    let model = try ONNXFixture.load(name)
    #expect(model.operators == ["Resize"] && model.operands == [true, false, true])
    #expect(model.attribute("mode") == .string(mode))
    #expect(model.attribute("nearest_mode") == .string(rounding))
    #expect(model.attribute("coordinate_transformation_mode") == .string("asymmetric"))
    #expect(model.constant(2)?.shape == [4])
  }

  @Test func emptyInputsOfResizeAreLeftOut() throws {
    #expect(try ONNXFixture.load("resize-11").operands == [true, false, true])
    #expect(try ONNXFixture.load("resize-11-sizes").operands == [true, false, false, true])
    #expect(try ONNXFixture.load("resize-13").attribute("nearest_mode") == nil)
  }

  @Test func cornersAreThoseOfWhoWroteTheFile() throws {
    #expect(try ONNXFixture.load("resize-corners").attribute("whole_extents") == nil)
    #expect(try ONNXFixture.load("resize-corners-pytorch").attribute("whole_extents") == .int(1))
  }

  @Test func batchNormalizationIsForInference() throws {
    let old = try ONNXFixture.load("batch-norm-7")
    #expect(old.graph.nodes[0].attributes.keys.sorted() == ["epsilon"])
    #expect(ONNXFixture.message("batch-norm-9-outputs").contains("outputs of training"))
    let training = try ONNXFixture.load("batch-norm-15-training")
    #expect(training.attribute("training_mode") == .int(1))
    #expect(ONNXFixture.message("batch-norm-7-spatial").contains("spatial"))
  }

  @Test func dropoutIsTheIdentity() throws {
    for name in ["dropout-7", "dropout-13"] {
      let model = try ONNXFixture.load(name)
      #expect(model.operators == ["Identity"] && model.operands == [true])
      #expect(model.graph.nodes[0].outputs.count == 1)
    }
    // Who reads the mask gets one; whether to train may be known at run time alone.
    #expect(try ONNXFixture.load("dropout-13-training").operators.last == "Dropout")
    #expect(try ONNXFixture.load("dropout-mask").operators.last == "Dropout")
  }

  @Test func topKTakesItsCountAsAnInput() throws {
    let old = try ONNXFixture.load("top-k-1")
    #expect(old.constant(1)?.integers() == [2] && old.attribute("k") == nil)
    #expect(old.graph.nodes[0].outputs.count == 2)
    #expect(try ONNXFixture.load("top-k-11").attribute("largest") == .int(0))
  }

  @Test func constantsAreFolded() throws {
    let model = try ONNXFixture.load("constants")
    #expect(model.graph.nodes.isEmpty)
    let found = model.graph.outputs.map { model.graph[$0] }
    #expect(found.map(\.name) == ["a", "b", "c", "d", "e", "f"])
    let tensors = found.compactMap(\.constant)
    #expect(
      tensors.map { $0.floats() } == [[1, 2], [2.5], [1.5, 2.5], [7], [7, 8], [0, 5, 0, 6]])
    #expect(tensors.map(\.shape) == [[1, 2], [], [2], [], [2], [2, 2]])
    #expect(found.map(\.type) == [.float32, .float32, .float32, .int64, .int64, .float32])
    #expect(ONNXFixture.problem("constant-string")?.kind == .unsupported)
  }

  @Test func fillValueBecomesAnInput() throws {
    let model = try ONNXFixture.load("constant-of-shape")
    #expect(model.constant(1)?.floats() == [7] && model.graph.nodes[0].attributes.isEmpty)
    #expect(try ONNXFixture.load("constant-of-shape-default").operands == [true])
  }

  @Test func groupNormalizationWithOneScaleForEachGroupIsRewritten() throws {
    let old = try ONNXFixture.load("group-norm-18")
    #expect(old.operators == ["Shape", "Reshape", "InstanceNormalization", "Reshape"])
    #expect(old.graph.nodes[2].attributes == ["epsilon": .float(1e-3)])
    let new = try ONNXFixture.load("group-norm-21")
    #expect(new.operators == ["GroupNormalization"])
  }

  @Test func renamedOperatorsGetTheirNewName() throws {
    #expect(try ONNXFixture.load("gelu-microsoft").operators == ["Gelu"])
    #expect(try ONNXFixture.load("gelu-20").operators == ["Gelu"])
    #expect(try ONNXFixture.load("scatter-9").operators == ["ScatterElements"])
  }

  @Test func samplingGetsItsNewestForm() throws {
    #expect(try ONNXFixture.load("grid-sample-16").attribute("mode") == .string("cubic"))
    #expect(
      try ONNXFixture.load("roi-align-10").attribute("coordinate_transformation_mode")
        == .string("output_half_pixel"))
    #expect(try ONNXFixture.load("dft-17").constant(2)?.integers() == [1])
  }

  @Test func attentionOfONNXRuntimeBecomesThatOfONNX() throws {
    let model = try ONNXFixture.load("attention-microsoft")
    #expect(model.operators == ["Attention"])
    #expect(model.attribute("kv_num_heads") == .int(2) && model.attribute("is_causal") == .int(1))
    #expect(ONNXFixture.message("attention-microsoft-packed").contains("packed"))
    #expect(ONNXFixture.message("attention-microsoft-past").contains("past"))
  }

  @Test func castsToHalfPrecisionAreCastsToFloat() throws {
    let cast = try ONNXFixture.load("cast-half")
    #expect(cast.attribute("to") == .int(1) && cast.attribute("rounding") == .string("float16"))
    #expect(ONNXFixture.message("cast-string").contains("string"))
  }

  @Test func storageOrderConcernsIndicesAlone() throws {
    let model = try ONNXFixture.load("max-pool-indices")
    #expect(model.attribute("storage_order") == nil && model.graph.nodes[0].outputs.count == 1)
    let counting = try ONNXFixture.load("max-pool-storage")
    #expect(counting.attribute("storage_order") == .int(1))
    #expect(counting.graph.nodes[0].outputs.count == 2)
  }

  @Test func quantizationKeepsItsBlocks() throws {
    #expect(try ONNXFixture.load("quantize-13").operators == ["QuantizeLinear"])
    #expect(try ONNXFixture.load("quantize-21-blocks").attribute("block_size") == .int(2))
    #expect(try ONNXFixture.load("dequantize-23-half").attribute("output_dtype") == .int(1))
  }

  @Test func opsetsOutOfRangeAreRefused() throws {
    #expect(ONNXFixture.problem("opset-0") == .opset(0))
    #expect(ONNXFixture.problem("ir-2") == .irVersion(2))
    #expect(ONNXFixture.problem("no-opset") == .missingOpset)
    #expect(try ONNXFixture.load("opset-28").warnings.isEmpty)
    #expect(try ONNXFixture.load("opset-40").warnings.count == 1)
  }

  @Test func tableHasEachOperatorOnce() {
    let names = ImportTable.rows.map { "\($0.domain).\($0.op)" }
    #expect(Set(names).count == names.count)
  }
}
