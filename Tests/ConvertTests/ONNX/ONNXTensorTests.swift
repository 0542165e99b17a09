import ModelFormat
import Testing

@testable import Convert

@Suite struct ONNXTensorTests {
  @Test(arguments: [
    ElementType.float32, .uint8, .int8, .uint16, .int16, .int32, .int64, .bool, .float16, .float64,
    .uint32, .uint64,
  ])
  func rawAndTypedDataAreTheSame(_ type: ElementType) throws {
    for form in ["raw", "typed"] {
      let model = try ONNXFixture.load("type-\(type.name)-\(form)")
      let tensor = try #require(model.constant(0))
      #expect(tensor.type == type && tensor.shape == [3])
      #expect(tensor.floats() == (type == .bool ? [1, 0, 1] : [1, 2, 100]))
    }
  }

  @Test func halfPrecisionIsStoredAndFloatIsSeen() throws {
    let bfloat = try ONNXFixture.load("type-bfloat16-typed")
    #expect(bfloat.constant(0)?.type == .bfloat16 && bfloat.constant(0)?.floats() == [1, 2])
    let model = try ONNXFixture.load("half-model")
    #expect(model.graph[model.graph.inputs[0]].type == .float32)
    let weights = try #require(model.graph.values.first { $0.constant != nil })
    #expect(weights.type == .float32 && weights.constant?.type == .float16)
    #expect(model.attribute("to") == .int(1))
  }

  @Test func scalarsHaveNoDimensions() throws {
    let model = try ONNXFixture.load("type-scalar")
    #expect(model.constant(0)?.shape == [] && model.constant(0)?.floats() == [4])
  }

  @Test(arguments: [
    ("int4", [Int64(1), -1, -8]), ("uint4", [1, 15, 8]), ("int2", [1, -2, -1]),
    ("uint2", [1, 2, 3]),
  ])
  func integersOfFewBitsGetAByteEach(_ name: String, _ values: [Int64]) throws {
    for kind in ["raw", "typed"] {
      let model = try ONNXFixture.load("type-\(name)-\(kind)")
      #expect(model.constant(0)?.integers() == values)
      #expect(model.constant(0)?.type == (name.hasPrefix("u") ? .uint8 : .int8))
    }
    #expect(ONNXFixture.message("type-int4-short").contains("needs 2 bytes but has 1"))
  }

  @Test func integersOfFewBitsKeepTheirRange() throws {
    #expect(try ONNXFixture.load("quantize-int4").attribute("bits") == .int(4))
    let narrow = try ONNXFixture.load("quantize-output-uint2")
    #expect(narrow.attribute("bits") == .int(2) && narrow.attribute("output_dtype") == .int(2))
    for name in ["cast-int4", "cast-like-int4"] {
      #expect(ONNXFixture.problem(name)?.kind == .unsupported)
      #expect(ONNXFixture.message(name).contains("int4"))
    }
  }

  @Test func unsupportedTypesAreNamedWhereUsed() throws {
    #expect(
      ONNXFixture.problem("type-float8")
        == .unsupportedTensorType(name: "c", type: "float8e4m3fn"))
    #expect(
      ONNXFixture.problem("type-string") == .unsupportedTensorType(name: "c", type: "string"))
    #expect(try ONNXFixture.load("type-string-unused").operators == ["Relu"])
  }

  @Test(arguments: [("raw-too-short", 12), ("raw-too-long", 20)])
  func sizeMustMatchShape(_ name: String, _ found: Int) {
    #expect(
      ONNXFixture.problem(name)
        == .tensorSize(name: "w", type: .float32, shape: [1, 4], expected: 16, found: found))
    #expect(ONNXFixture.message(name).contains("needs 16 bytes but has \(found)"))
  }

  @Test(arguments: ["extent-negative", "extent-overflow", "extent-wrap", "extent-rank"])
  func impossibleShapesAreRefused(_ name: String) {
    #expect(ONNXFixture.message(name).hasPrefix("tensor 'w': has"))
  }

  @Test func sparseInitializersAreExpanded() throws {
    let model = try ONNXFixture.load("sparse-initializer")
    #expect(model.constant(1)?.floats() == [0, 5, 0, 6] && model.constant(1)?.shape == [1, 4])
    #expect(ONNXFixture.message("sparse-outside").contains("outside of 1x4"))
    guard case .tooLarge = ONNXFixture.problem("sparse-bomb") else {
      Issue.record("not refused for its size")
      return
    }
  }

  @Test func weightsStayInTheFile() throws {
    let message = try ONNXFixture.bytes("small.onnx")
    let skeleton = try message.withUnsafeBytes {
      try SkeletonBuilder.skeleton(of: $0, root: ONNXDescriptor.model)
    }
    // 72 bytes of weights became 16.
    let model = try ONNXFixture.load("small")
    let weights = try #require(model.graph.values.first { $0.name == "w" }?.constant)
    let raw = weights.values.array
    #expect(message.indices.contains { message[$0...].starts(with: raw) })
    #expect(!skeleton.indices.contains { skeleton[$0...].starts(with: raw) })
  }

  @Test func tensorFilesAreRead() throws {
    let (name, tensor) = try ONNXTensorFile.read(path: ONNXFixture.path("tensor.pb"))
    #expect(name == "input_0" && tensor.shape == [2, 2] && tensor.floats() == [1, 2, 3, 4])
    let typed = try ONNXTensorFile.read(path: ONNXFixture.path("tensor-int64.pb"))
    #expect(typed.tensor.integers() == [5, -6])
    #expect(throws: ImportError.self) {
      try ONNXTensorFile.read(path: ONNXFixture.path("small.onnx"))
    }
  }
}
