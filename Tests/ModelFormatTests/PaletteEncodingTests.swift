import ModelFormat
import TestSupport
import Testing

/// The encoding with a palette.
///
/// Expected streams come from a separate writer (numpy), made from docs/Format.md.
@Suite struct PaletteEncodingTests {
  @Test func theExampleOfThePageHoldsByteByByte() {
    var elements = [Int8](repeating: 0, count: 36)
    for (index, value) in [(2, Int8(5)), (7, -3), (24, 7), (35, 1)] { elements[index] = value }
    let tensor = BlockEncodingTests.int8(elements, [3, 12]).encoded(as: .palette)
    #expect(tensor.positions.array == [0x00, 0x01, 0x05, 0x07, 0xFD] as [UInt8])
    #expect(
      tensor.values.array
        == [0x80, 0x00, 0x80, 0, 0, 0, 0, 0, 0, 0x03, 0, 0, 0, 0x02] as [UInt8])
    #expect(tensor.dense.elements(as: Int8.self) == elements)
  }

  /// Different elements, bytes and bits of each, and SHA-256 of the palette and of the numbers that the
  /// other writer made of the same pseudo-random elements.
  static let digests: [(Shape, UInt64, Int, Int, [String])] = [
    ([5, 13, 3, 3], 2, 1, 1, ["8fc124e5c902ae19", "4c37f5c9cf0ab31e"]),
    ([7, 64], 3, 1, 2, ["4fb026463d9dcb68", "45df73b347aa9e5c"]),
    ([40, 1, 3, 3], 15, 1, 4, ["064f6158857f971e", "65bbf6ce5841c3ab"]),
    ([9, 30, 1, 1], 16, 1, 4, ["81487f2d73cbe8c2", "6efda0abdaa0d23c"]),
    ([11, 31], 33, 1, 6, ["161f7591a4158081", "d9a463e6c10bd798"]),
    ([3, 67], 100, 1, 7, ["0e15dda01bdb667e", "c67c2ef4debe6b3e"]),
    ([64, 65], 200, 1, 8, ["4a43dd6a1f6e36c1", "9066f7194f63a650"]),
    ([9, 77], 7, 2, 3, ["a2ed7b289f186992", "24e7fe8e9ee0f91d"]),
    ([5, 33], 256, 4, 7, ["20b350e6482cf54f", "c35d58fba698c956"]),
    ([13, 17], 5, 8, 3, ["d5b0142eaddfcca4", "1ac3f486ee1362fc"]),
  ]

  @Test(arguments: digests)
  func streamsAreThoseOfAnotherWriter(
    shape: Shape, different: UInt64, size: Int, bits: Int, digests: [String]
  ) throws {
    var state = 12345
    func next() -> UInt64 {
      state = (state * 1_103_515_245 + 12345) & 0x7FFF_FFFF
      return UInt64(state >> 16)
    }
    let types: [Int: (ElementType, UInt64)] = [
      1: (.int8, 151), 2: (.uint16, 40503), 4: (.float32, 2_654_435_761),
      8: (.int64, 11_400_714_819_323_198_485),
    ]
    let (type, factor) = try #require(types[size])
    var bytes: [UInt8] = []
    for _ in 0..<shape.count {
      let element = next() % different &* factor
      for byte in 0..<size { bytes.append(UInt8(truncatingIfNeeded: element >> UInt64(byte * 8))) }
    }
    let dense = Tensor(type: type, shape: shape, bytes: Bytes(bytes))
    let tensor = dense.encoded(as: .palette)
    #expect(tensor.encoding == .palette)
    #expect(tensor.values.count == (shape.count * bits + 7) / 8)
    let found = [tensor.positions, tensor.values].map {
      String(SHA256.digest($0.array).hexadecimal.prefix(16))
    }
    #expect(found == digests)
    #expect(tensor.dense.array == bytes)
    #expect(tensor.nonzeroCount == dense.nonzeroCount)
    let file = ModelWriter(Model(graph: Self.graph(tensor))).bytes()
    let read = try ModelReader.read(Bytes(file)).model.graph.values[0].constant
    #expect(read?.encoding == .palette && read?.dense.array == bytes)
  }

  @Test(arguments: 2...256) func everyNumberOfEntriesIsReadBack(entries: Int) throws {
    // A count that fills no whole byte, whatever the bits.
    let elements = (0..<519).map { UInt8(($0 < entries ? $0 : $0 * 7) % entries) }
    let dense = Tensor(type: .uint8, shape: [519], bytes: Bytes(elements))
    let tensor = dense.encoded(as: .palette)
    #expect(tensor.positions.count == entries && tensor.dense.array == elements)
    #expect(tensor.byteCount == dense.byteCount(as: .palette))
    let file = ModelWriter(Model(graph: Self.graph(tensor))).bytes()
    let read = try ModelReader.read(Bytes(file)).model.graph.values[0].constant
    #expect(read?.encoding == .palette && read?.dense.array == elements)
  }

  @Test func weightsOfFewLevelsTakeIt() {
    func weights(_ levels: ClosedRange<Int8>) -> Tensor {
      var random = SeededGenerator(seed: 5)
      let elements = (0..<4096).map { _ in Int8.random(in: levels, using: &random) }
      return BlockEncodingTests.int8(elements, [64, 64])
    }
    let four = weights(-7...7).encoded()
    #expect(four.encoding == .palette && four.byteCount == 2048 + 15)
    let two = weights(-1...1).encoded()
    #expect(two.encoding == .palette && two.byteCount == 1024 + 3)
    #expect(weights(-127...127).encoded().encoding == .dense)
    // One element for all has no numbers to store, and more than 256 have no palette.
    let same = BlockEncodingTests.int8([Int8](repeating: 3, count: 64), [64])
    #expect(same.byteCount(as: .palette) == nil && same.encoded(as: .palette).encoding == .dense)
    let many = Tensor((0..<257).map { Float($0) }, shape: [257])
    #expect(many.byteCount(as: .palette) == nil)
  }

  /// Streams that break one rule each, and the words of the rule: [3, 3] with elements 0, 1, 2.
  @Test(
    arguments: [
      ([0, 1, 2], [0x24, 0x49, 0], 6, "as the nonzero count says"),
      ([0, 1, 2], [0x24, 0x49], 6, "shorter or longer"),
      ([0], [0x24, 0x49, 0], 6, "shorter or longer"),
      ([], [0x24, 0x49, 0], 6, "shorter or longer"),
      ([0, 1, 2], [0x24, 0x49, 0x02, 0], 6, "shorter or longer"),
      ([0, 1, 2, 3, 4], [0x24, 0x49, 0x02], 6, "shorter or longer"),
      ([0, 1, 2], [0x24, 0x49, 0x06], 6, "bits behind"),
      ([0, 1, 2], [0x27, 0x49, 0x02], 6, "behind the last element"),
      ([0, 2, 1], [0x24, 0x49, 0x02], 6, "do not rise"),
      ([0, 1, 1], [0x24, 0x49, 0x02], 6, "do not rise"),
      ([0, 1, 2], [0x00, 0x55, 0x01], 5, "is not used"),
      ([0, 1, 2], [0x24, 0x49, 0x02], 7, "as the nonzero count says"),
      ([1, 2, 3], [0x24, 0x49, 0x02], 6, "as the nonzero count says"),
    ] as [([UInt8], [UInt8], Int, String)])
  func wrongStreamsAreRefused(
    palette: [UInt8], values: [UInt8], nonzero: Int, words: String
  ) {
    Self.expectRefusal(.int8, [3, 3], palette, values, nonzero, words)
  }

  @Test func theRightFormOfTheRefusedStreamsIsRead() throws {
    let tensor = Self.tensor(.int8, [3, 3], [0, 1, 2], [0x24, 0x49, 0x02], 6)
    let file = ModelWriter(Model(graph: Self.graph(tensor))).bytes()
    let read = try ModelReader.read(Bytes(file)).model.graph.values[0].constant
    #expect(read?.dense.array == [0, 1, 2, 0, 1, 2, 0, 1, 2] as [UInt8])
  }

  @Test func shapesBeyondTheStreamsAreRefused() {
    Self.expectRefusal(.int8, [1 << 20, 1 << 20], [0, 1], [1], 1, "much larger")
    Self.expectRefusal(.int8, [0], [0, 1], [], 0, "shorter or longer")
    Self.expectRefusal(.float32, [9], [0, 0, 0, 0, 1], [0xFF, 1], 9, "shorter or longer")
    let entries = (0...256).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    Self.expectRefusal(.int16, [257], entries, [UInt8](repeating: 0, count: 290), 256, "longer")
  }

  @Test func everyFlippedBitIsRefused() throws {
    let tensor = Self.tensor(.int8, [3, 3], [0, 1, 2], [0x24, 0x49, 0x02], 6)
    var file = ModelWriter(Model(graph: Self.graph(tensor))).bytes()
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

  private static func tensor(
    _ type: ElementType, _ shape: Shape, _ palette: [UInt8], _ values: [UInt8], _ nonzero: Int
  ) -> Tensor {
    Tensor(
      type: type, shape: shape, quantization: nil, encoding: .palette, nonzeroCount: nonzero,
      positions: Bytes(palette), values: Bytes(values))
  }

  private static func graph(_ tensor: Tensor) -> Graph {
    var graph = Graph(name: "palette")
    graph.outputs = [graph.addConstant("c", tensor)]
    return graph
  }

  private static func expectRefusal(
    _ type: ElementType, _ shape: Shape, _ palette: [UInt8], _ values: [UInt8], _ nonzero: Int,
    _ words: String
  ) {
    let file = ModelWriter(Model(graph: graph(tensor(type, shape, palette, values, nonzero))))
      .bytes()
    #expect {
      try ModelReader.read(Bytes(file))
    } throws: { error in
      guard let error = error as? ModelError, error.rule == .encodingStream else {
        Issue.record("\(error)")
        return false
      }
      if !error.description.contains(words) { Issue.record("\(error.description)") }
      return true
    }
  }
}
