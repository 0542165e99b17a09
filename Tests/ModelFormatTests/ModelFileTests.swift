import ModelFormat
import TestSupport
import Testing

@Suite struct ModelFileTests {
  static let model = Model(graph: SampleGraphs.mixed(), metadata: Bytes([1, 2, 3]), release: 9)
  static let file = ModelWriter(model).bytes()

  @Test func readingGivesBackWhatWasWritten() throws {
    let read = try ModelReader.read(Bytes(Self.file))
    #expect(read.byteCount == Self.file.count)
    #expect(ModelWriter(read.model).bytes() == Self.file)
    let graph = read.model.graph
    let original = Self.model.graph
    #expect(graph.name == original.name)
    #expect(graph.inputs == original.inputs && graph.outputs == original.outputs)
    for (a, b) in zip(graph.nodes, original.nodes) {
      #expect(a.name == b.name && a.op == b.op)
      #expect(a.inputs == b.inputs && a.outputs == b.outputs && a.attributes == b.attributes)
    }
    for (a, b) in zip(graph.values, original.values) {
      #expect(a.name == b.name && a.type == b.type && a.shape == b.shape)
      #expect(a.quantization == b.quantization)
      #expect(a.constant?.floats() == b.constant?.floats())
      #expect(a.constant?.quantization == b.constant?.quantization)
    }
    #expect(read.model.metadata.array == [1, 2, 3])
    #expect(read.model.release == 9)
  }

  @Test func theRegionsAreTheFile() throws {
    let read = try ModelReader.read(Bytes(Self.file))
    var end = 0
    for region in read.regions {
      #expect(region.offset == end)
      end += region.size
    }
    #expect(end == read.byteCount)
  }

  @Test func everyTruncationIsRefused() {
    for length in 0..<Self.file.count {
      #expect(throws: ModelError.self) { try ModelReader.read(Bytes(Array(Self.file[..<length]))) }
    }
  }

  @Test func everyFlippedBitIsRefused() {
    var file = Self.file
    for offset in file.indices {
      for bit in 0..<8 {
        file[offset] ^= 1 << UInt8(bit)
        #expect(throws: ModelError.self, "byte \(offset) bit \(bit)") {
          try ModelReader.read(Bytes(file))
        }
        file[offset] ^= 1 << UInt8(bit)
      }
    }
  }

  @Test func trailingBytesAreRefused() {
    #expect(throws: ModelError.self) { try ModelReader.read(Bytes(Self.file + [0])) }
  }

  @Test func constantsWithEqualContentAreStoredOnce() throws {
    var graph = Graph(name: "twins")
    let a = graph.addConstant("a", Tensor([1, 2, 3], shape: [3]))
    _ = graph.addConstant("b", Tensor([1, 2, 3], shape: [3]))
    graph.outputs = [a]
    let read = try ModelReader.read(Bytes(ModelWriter(Model(graph: graph)).bytes()))
    #expect(read.tensorPlaces.count == 1)
    #expect(read.model.graph.values[1].constant?.floats() == [1, 2, 3])
  }

  @Test func unknownAncillarySectionsAreKept() throws {
    let model = Model(
      graph: SampleGraphs.mixed(), ancillary: [.init(kind: 77, bytes: Bytes([5, 6]))])
    let read = try ModelReader.read(Bytes(ModelWriter(model).bytes()))
    #expect(read.model.ancillary.map(\.kind) == [77])
    #expect(read.model.ancillary.first?.bytes.array == [5, 6])
  }

  @Test func sharedZerosMustBeJustifiedByTheFile() throws {
    // 16 MiB of zeros that take no byte, and values that share them.
    let zeros = Tensor(
      type: .int8, shape: [1 << 24], bytes: Bytes([UInt8](repeating: 0, count: 1 << 24))
    ).encoded(as: .nibbleGap)
    #expect(zeros.byteCount == 0)
    func file(_ count: Int) -> [UInt8] {
      var graph = Graph(name: "zeros")
      for index in 0..<count { _ = graph.addConstant("c\(index)", zeros) }
      return ModelWriter(Model(graph: graph)).bytes()
    }
    #expect(try ModelReader.read(Bytes(file(16))).model.graph.values.count == 16)
    #expect {
      try ModelReader.read(Bytes(file(17)))
    } throws: { ($0 as? ModelError)?.rule == .constantExpansion }
  }

  @Test func digestsAreThoseOfTheStandard() {
    #expect(
      SHA256.digest(Array("abc".utf8)).hexadecimal
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256.digest([]).hexadecimal
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    // FIPS 180-4's long example, fed in uneven pieces.
    var hash = SHA256()
    let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000)
    for _ in 0..<1_000 { piece.withUnsafeBytes { hash.update($0) } }
    #expect(
      hash.finish().hexadecimal
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }
}
