import ModelFormat
import TestSupport
import Testing

/// Encodings in 1x4 blocks.
///
/// Expected streams come from a separate writer (numpy), made from docs/Format.md.
@Suite struct BlockEncodingTests {
  static func int8(_ elements: [Int8], _ shape: Shape) -> Tensor {
    Tensor(type: .int8, shape: shape, bytes: Bytes(elements: elements))
  }

  /// The page's example: two outputs, six inputs, two positions of the kernel.
  static let example = int8(
    [1, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, -1, 0, 0, 0, -5, 0, 0, 0, 0, 4, 0, 0, 0], [2, 6, 1, 2])

  @Test func theExamplesOfThePageHoldByteByByte() {
    let mask = Self.example.encoded(as: .block1x4)
    #expect(mask.positions.array == [0x69] as [UInt8])
    let values: [UInt8] = [1, 0, 2, 0, 3, 0xFF, 4, 0, 0, 0xFB, 0, 0]
    #expect(mask.values.array == values)
    let gaps = Self.example.encoded(as: .block1x4Gap)
    #expect(gaps.positions.array == [0x20, 0x01] && gaps.values.array == values)

    var elements = [Int8](repeating: 0, count: 36)
    for (index, value) in [(2, Int8(5)), (7, -3), (24, 7), (35, 1)] { elements[index] = value }
    let matrix = Self.int8(elements, [3, 12])
    #expect(matrix.encoded(as: .block1x4).positions.array == [0x43, 0x01])
    #expect(matrix.encoded(as: .block1x4Gap).positions.array == [0x00, 0x14])
    #expect(
      matrix.encoded(as: .block1x4).values.array
        == [0, 0, 5, 0, 0, 0, 0, 0xFD, 7, 0, 0, 0, 0, 0, 0, 1])
  }

  /// SHA-256 of both forms of positions and of the values that the other writer made of the same
  /// pseudo-random weights.
  static let digests: [(Shape, Int, [String])] = [
    ([5, 13, 3, 3], 8, ["0ecdc370b6753b21", "d397d7602c222791", "5619b77639f84637"]),
    ([7, 64], 3, ["cebad731ec0dc9e8", "abea4119153682e4", "69758c3e7e63eaac"]),
    ([40, 1, 3, 3], 30, ["6fcda5c7c96bd828", "7d0a0076c82724a1", "dda1e0f31ca9d044"]),
    ([9, 30, 1, 1], 1, ["46ac353a2f9a6cea", "28fdbecb4da50c1f", "a91e2fd663fb73e1"]),
  ]

  @Test(arguments: digests)
  func streamsAreThoseOfAnotherWriter(shape: Shape, keep: Int, digests: [String]) {
    var state = 12345
    func next() -> Int {
      state = (state * 1_103_515_245 + 12345) & 0x7FFF_FFFF
      return state >> 16
    }
    let elements = (0..<shape.count).map { _ -> Int8 in
      let value = next() % 255 - 127
      return next() % 100 < keep ? Int8(value) : 0
    }
    let tensor = Self.int8(elements, shape)
    let mask = tensor.encoded(as: .block1x4)
    let gaps = tensor.encoded(as: .block1x4Gap)
    let found = [mask.positions, gaps.positions, mask.values].map {
      String(SHA256.digest($0.array).hexadecimal.prefix(16))
    }
    #expect(found == digests)
    #expect(mask.values.array == gaps.values.array)
    #expect(mask.dense.array == tensor.values.array && gaps.dense.array == tensor.values.array)
  }

  @Test func blocksAreChosenWhereTheyAreSmallest() {
    func pruned(_ keep: Int) -> Tensor {
      var random = SeededGenerator(seed: 7)
      var elements = [Int8](repeating: 0, count: 64 * 64 * 9)
      for output in 0..<64 {
        for quad in 0..<16 {
          for tap in 0..<9 where Int.random(in: 0..<100, using: &random) < keep {
            for k in 0..<4 {
              elements[(output * 64 + quad * 4 + k) * 9 + tap] =
                Int8.random(in: -127...127, using: &random)
            }
          }
        }
      }
      return Self.int8(elements, [64, 64, 3, 3])
    }
    #expect(pruned(50).encoded().encoding == .block1x4)
    #expect(pruned(10).encoded().encoding == .block1x4Gap)
    for keep in [3, 10, 25, 50, 80] {
      let sizes = Encoding.choices.compactMap { pruned(keep).byteCount(as: $0) }
      #expect(pruned(keep).encoded().byteCount == sizes.min())
    }
    // Single weights do not make blocks.
    #expect(EncodingTests.tensor([64, 64, 3, 3], density: 50).encoded().encoding == .bitmask)
  }

  /// Streams that break one rule each, and the words of the rule.
  @Test(
    arguments: [
      ([0x69, 0], [1, 0, 2, 0, 3, 255, 4, 0, 0, 251, 0, 0], 6, "shorter or longer"),
      ([], [1, 0, 2, 0, 3, 255, 4, 0, 0, 251, 0, 0], 6, "shorter or longer"),
      ([0x69], [1, 0, 2, 0, 3, 255, 4, 0, 0, 251, 0], 6, "shorter or longer"),
      ([0x69], [1, 0, 2, 0, 3, 255, 4, 0, 0, 251, 0, 0], 7, "nonzero count"),
      ([0x29], [1, 0, 2, 0, 3, 255, 4, 0, 0, 251, 0, 0], 6, "do not name as many"),
      ([0xE9], [1, 0, 2, 0, 3, 255, 4, 0, 0, 251, 0, 0], 6, "do not name as many"),
      ([0x6D], [1, 0, 2, 0, 0, 0, 0, 0, 3, 255, 4, 0, 0, 251, 0, 0], 6, "block is all zeros"),
      ([0x69], [1, 0, 2, 0, 3, 255, 4, 0, 0, 251, 0, 0], 25, "do not name as many"),
    ] as [([UInt8], [UInt8], Int, String)])
  func wrongMasksAreRefused(
    positions: [UInt8], values: [UInt8], nonzero: Int, words: String
  ) {
    Self.expectRefusal(.block1x4, [2, 6, 1, 2], positions, values, nonzero, words)
  }

  @Test(
    arguments: [
      ([0x10, 0x11], "bits behind"), ([0x20, 0x01, 0], "shorter or longer"),
      ([0x20], "do not name as many"), ([0x20, 0x05], "behind the last element"),
      ([0x01, 0x11], "shorter or longer"), ([0xFF, 0xFF], "behind the last element"),
    ] as [([UInt8], String)])
  func wrongGapsAreRefused(positions: [UInt8], words: String) {
    let values: [UInt8] = [1, 0, 2, 0, 3, 255, 4, 0, 0, 251, 0, 0]
    Self.expectRefusal(.block1x4Gap, [2, 6, 1, 2], positions, values, 6, words)
  }

  @Test func bitsBehindTheLastBlockAreRefused() {
    Self.expectRefusal(.block1x4, [1, 5], [0x07], [1, 0, 0, 0, 2], 2, "bits behind")
    Self.expectRefusal(
      .block1x4, [1 << 12, 1 << 13], [UInt8](repeating: 0, count: 1 << 20), [], 1, "do not name")
    Self.expectRefusal(.block1x4Gap, [1 << 20, 1 << 20], [0x00], [1, 0, 0, 0], 1, "much larger")
  }

  private static func expectRefusal(
    _ encoding: Encoding, _ shape: Shape, _ positions: [UInt8], _ values: [UInt8], _ nonzero: Int,
    _ words: String
  ) {
    let tensor = Tensor(
      type: .int8, shape: shape, quantization: nil, encoding: encoding, nonzeroCount: nonzero,
      positions: Bytes(positions), values: Bytes(values))
    var graph = Graph(name: "hostile")
    graph.outputs = [graph.addConstant("c", tensor)]
    let file = ModelWriter(Model(graph: graph)).bytes()
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
