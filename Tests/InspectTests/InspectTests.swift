import Inspect
import Metadata
import ModelFormat
import TestSupport
import Testing

/// A product of eight inputs with four outputs, its weights as `tensor`.
private func network(_ tensor: Tensor) -> Graph {
  var graph = Graph(name: "linear")
  let x = graph.add(Value(name: "x", type: .float32, shape: [1, 8]))
  let w = graph.add(Value(name: "w", type: .float32, shape: tensor.shape, constant: tensor))
  let y = graph.add(Value(name: "y", type: .float32, shape: [1, 4]))
  graph.inputs = [x]
  graph.outputs = [y]
  graph.nodes = [
    Node(
      name: "linear", op: "Gemm", inputs: [x, w], outputs: [y], attributes: ["transB": .int(1)])
  ]
  return graph
}

@Suite struct InspectTests {
  /// Half of the weights are zero.
  static let weights = Tensor((0..<32).map { $0 % 2 == 0 ? 0 : Float($0) }, shape: [4, 8])

  static func inspect(_ tensor: Tensor, metadata: Metadata = Metadata()) throws -> Inspection {
    let bytes = ModelWriter(Model(graph: network(tensor), metadata: metadata.encoded())).bytes()
    let file = try ModelReader.read(Bytes(bytes))
    return try Inspection(
      path: "linear.pare", graph: file.model.graph, metadata: metadata, file: file,
      byteCount: bytes.count, constantBytes: 0)
  }

  @Test(arguments: Encoding.choices)
  func theLedgerSumsToTheFile(encoding: Encoding) throws {
    let report = try Self.inspect(Self.weights.encoded(as: encoding))
    #expect(report.sections.reduce(0) { $0 + $1.bytes } == report.file.bytes)
    #expect(report.tensors.map(\.encoding) == [encoding.name])
  }

  @Test func countsComeFromTheGraphWhateverTheStorage() throws {
    let half = Tensor(
      type: .float16, shape: [4, 8],
      bytes: Bytes(elements: Self.weights.floats().map(\.halfBits)))
    for tensor in [Self.weights, Self.weights.encoded(as: .bitmask), half] {
      let totals = try Self.inspect(tensor).totals
      #expect(totals.parameters == 32 && totals.nonzero == 16)
      #expect(totals.macs == 32 && totals.effectiveMacs == 16)
    }
  }

  @Test func theShannonBoundIsThatOfPositionsAndValues() throws {
    // Sixteen ones among thirty-two: one bit a position, nothing for values that are all the same.
    let ones = Tensor(
      type: .int8, shape: [4, 8], bytes: Bytes(elements: (0..<32).map { Int8($0 % 2) }),
      quantization: Quantization(scale: 1))
    #expect(try Self.inspect(ones).tensors[0].entropyBytes == 4)
    // Thirty-two different values: five bits each, and no positions to tell.
    let distinct = Tensor(
      type: .int8, shape: [4, 8], bytes: Bytes(elements: (1...32).map { Int8($0) }),
      quantization: Quantization(scale: 1))
    #expect(try Self.inspect(distinct).tensors[0].entropyBytes == 20)
  }

  @Test func bitsForEachWeightIncludeScales() throws {
    let tensor = Tensor(
      type: .int8, shape: [4, 8], bytes: Bytes(elements: (1...32).map { Int8($0) }),
      quantization: Quantization(scale: 0.5))
    let report = try #require(try Self.inspect(tensor).tensors.first)
    #expect(report.bytes == 36)
    #expect(report.bitsPerWeight == 9)
  }

  @Test func theOriginIsWhatTheMetadataSays() throws {
    var metadata = Metadata()
    var provenance = Provenance()
    provenance.tool = "pare"
    provenance.toolVersion = "1"
    provenance.source.file = "model.onnx"
    provenance.source.bytes = 77
    provenance.passes = [.init(name: "prune", options: [Entry("scope", "global")], effect: "half")]
    metadata.provenance = provenance
    metadata.labels = ["cat", "dog"]
    let origin = try #require(try Self.inspect(Self.weights, metadata: metadata).origin)
    #expect(origin.source == "model.onnx" && origin.sourceBytes == 77)
    #expect(origin.passes == ["prune scope=global: half"])
    #expect(origin.labels == 2)
  }

  @Test func anONNXFileIsTensorsAndTheRest() throws {
    let report = try Inspection(
      path: "m.onnx", graph: network(Self.weights), metadata: Metadata(), file: nil,
      byteCount: 200, constantBytes: 128)
    #expect(report.file.format == "onnx")
    #expect(report.sections.map(\.bytes) == [128, 72])
  }
}
