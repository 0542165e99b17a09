import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// The container of checkpoints: all of it comes back, and nothing that was changed.
@Suite struct CheckpointFileTests {
  static let identity = [UInt8](0..<32)
  static let file = CheckpointFile(
    identity: identity,
    [
      .init("place", [1, 2, 3]), .init("empty", []),
      .init("prune 0 part 1", [UInt8](repeating: 7, count: 100)),
    ])

  static func error(_ bytes: [UInt8]) -> CheckpointError? {
    do throws(CheckpointError) {
      _ = try CheckpointFile(Bytes(bytes))
      return nil
    } catch { return error }
  }

  @Test func whatIsWrittenIsRead() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.checkpoint"
      #expect(try CheckpointFile.read(path) == nil)
      try Self.file.write(to: path)
      let read = try #require(try CheckpointFile.read(path))
      #expect(read.identity == Self.identity)
      #expect(read.sections.map(\.name) == ["place", "empty", "prune 0 part 1"])
      #expect(read.sections.map(\.bytes) == Self.file.sections.map(\.bytes))
      #expect(read.encoded == Self.file.encoded)
      // A folder is none.
      #expect(throws: CheckpointError.self) { try CheckpointFile.read(folder) }
    }
  }

  @Test func everyCutIsFound() throws {
    let whole = Self.file.encoded
    for length in 0..<whole.count {
      #expect(Self.error([UInt8](whole[..<length])) != nil, "\(length) bytes")
    }
    #expect(Self.error(whole) == nil)
    #expect(Self.error(whole + [0]) != nil)
  }

  @Test func everyBitCounts() throws {
    let whole = Self.file.encoded
    for place in whole.indices {
      for bit in 0..<8 {
        var changed = whole
        changed[place] ^= 1 << UInt8(bit)
        #expect(Self.error(changed) != nil, "bit \(bit) of byte \(place)")
      }
    }
  }

  /// A file that somebody made to do harm has right digests: its lengths are not believed either.
  @Test func lengthsAreNotBelieved() throws {
    let whole = Self.file.encoded
    func forged(_ place: Int, _ number: UInt64) -> [UInt8] {
      var bytes = whole
      withUnsafeBytes(of: number.littleEndian) { new in
        for index in 0..<8 { bytes[place + index] = new[index] }
      }
      let table =
        CheckpointFile.headerSize..<CheckpointFile.headerSize
        + 3 * CheckpointFile.recordSize
      let digest = SHA256.digest([UInt8](bytes[..<64]) + bytes[table])
      bytes.replaceSubrange(64..<96, with: digest)
      return bytes
    }
    #expect(Self.error(forged(8, 1 | 3 << 32)) == nil)
    for sections: UInt64 in [0, 2, 4, 1_000_000, 0xFFFF_FFFF] {
      #expect(Self.error(forged(8, 1 | sections << 32)) != nil, "\(sections) sections")
    }
    let length = CheckpointFile.headerSize + CheckpointFile.nameSize
    for number: UInt64 in [0, 2, 4, 104, 1 << 32, 1 << 62, 1 << 63, .max] {
      #expect(Self.error(forged(length, number)) != nil, "\(number) bytes")
    }
    for number: UInt64 in [0, 95, 1 << 63, .max] {
      #expect(Self.error(forged(16, number)) != nil, "\(number) bytes in all")
    }
    #expect(Self.error(forged(8, 2 | 3 << 32)) == .version(2))
    #expect(Self.error([UInt8]("something else".utf8)) == .foreign)
  }
}
