import TestSupport
import Testing

@testable import Ship

@Suite struct CoderTests {
  /// Bytes of several kinds: what each codec is for, and what is for none.
  static let kinds: [(name: String, bytes: [UInt8])] = {
    var random = SeededGenerator(seed: 5)
    return [
      ("one", [7]), ("zeros", [UInt8](repeating: 0, count: 5000)),
      ("ones", [UInt8](repeating: 255, count: 70)),
      ("random", (0..<3000).map { _ in UInt8.random(in: 0...255, using: &random) }),
      ("rare", (0..<20_000).map { _ in UInt8.random(in: 0...40, using: &random) == 0 ? 1 : 0 }),
      ("text", [UInt8](String(repeating: "a name, another name; ", count: 50).utf8)),
      ("gaussian", random.normal(30_000, deviation: 30).map { UInt8(truncatingIfNeeded: Int($0)) }),
      ("carry", [UInt8](repeating: 254, count: 3000) + [1, 255, 255, 0, 255]),
    ]
  }()

  @Test(arguments: kinds.indices) func adaptiveCodeGivesBackTheBytes(_ kind: Int) throws {
    let bytes = Self.kinds[kind].bytes
    let code = try #require(AdaptiveCoder.compress(bytes, limit: .max))
    var out = [UInt8](repeating: 9, count: bytes.count)
    let isWhole = code.withUnsafeBytes { code in
      out.withUnsafeMutableBytes { AdaptiveCoder.decompress(code, into: $0) }
    }
    #expect(isWhole && out == bytes, "\(Self.kinds[kind].name)")
  }

  @Test(arguments: kinds.indices) func surplusBytesBehindACodeGiveNothingElse(_ kind: Int) throws {
    let bytes = Self.kinds[kind].bytes
    let code = try #require(AdaptiveCoder.compress(bytes, limit: .max)) + [0, 1]
    var out = [UInt8](repeating: 9, count: bytes.count)
    let isWhole = code.withUnsafeBytes { code in
      out.withUnsafeMutableBytes { AdaptiveCoder.decompress(code, into: $0) }
    }
    // A longer code is none of these bytes: it is refused or is that of others.
    #expect(!isWhole || out != bytes)
  }

  @Test func codesComeNearTheEntropy() throws {
    // 20,000 bytes of which 1 in 41 is a one: .166 bits each.
    let rare = try #require(Self.kinds.first { $0.name == "rare" }).bytes
    let part = Double(rare.count { $0 == 1 }) / Double(rare.count)
    func log2(_ x: Double) -> Double { Double(x.exponent) + log(x.significand) / log(2) }
    func log(_ x: Double) -> Double {  // of 1 to 2, by its series
      let y = (x - 1) / (x + 1)
      return (0..<40).reduce(0) { sum, k in
        var power = y
        for _ in 0..<(2 * k) { power *= y }
        return sum + 2 * power / Double(2 * k + 1)
      }
    }
    let bound = -Double(rare.count) / 8 * (part * log2(part) + (1 - part) * log2(1 - part))
    let code = try #require(AdaptiveCoder.compress(rare, limit: .max))
    // What is learnt must be paid for once: some fifty bytes.
    #expect(Double(code.count) < bound * 1.05 + 64)
    #expect(Double(code.count) > bound * 0.97)
  }

  @Test func aLimitIsKept() {
    let random = Self.kinds[3].bytes
    #expect(AdaptiveCoder.compress(random, limit: random.count / 2) == nil)
    #expect(Deflate.compress(random, limit: random.count - 1) == nil)
  }

  @Test(arguments: [1, 2, 4, 8]) func foldedDifferencesAreUndone(_ width: Int) {
    var random = SeededGenerator(seed: 6)
    let base = (0..<64).map { _ in UInt8.random(in: 0...255, using: &random) }
    let target = (0..<64).map { _ in UInt8.random(in: 0...255, using: &random) }
    let folded = Elements.folded(target[...], base[...], width: width)
    // As planes: lowest bytes first.
    let planes = (0..<width).flatMap { first in
      stride(from: first, to: 64, by: width).map { folded[$0] }
    }
    var out = base
    planes.withUnsafeBytes { planes in
      out.withUnsafeMutableBytes { Elements.apply(Unfold.self, planes, to: $0, width: width) }
    }
    #expect(out == target)
  }

  @Test func smallDifferencesOfEitherSignHaveZerosAbove() {
    let base: [UInt8] = [5, 0, 0, 0, 5, 0, 0, 0]
    let target: [UInt8] = [4, 0, 0, 0, 6, 0, 0, 0]
    #expect(Elements.folded(target[...], base[...], width: 4) == [1, 0, 0, 0, 2, 0, 0, 0])
  }

  @Test(arguments: [0, 1, 127, 128, 16_383, 16_384, 1 << 43]) func numbersAreReadAsWritten(
    _ number: Int
  ) {
    Piece.number(number).withUnsafeBytes { bytes in
      var reader = PieceReader(bytes)
      #expect(reader.number(limit: 1 << 43) == number)
      #expect(reader.isAtEnd)
    }
  }

  @Test(arguments: [[0x80, 0x00], [0x80], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], []])
  func numbersInAnotherFormAreRefused(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { bytes in
      var reader = PieceReader(bytes)
      #expect(reader.number(limit: 1 << 43) == nil)
    }
  }
}
