import Foundation
import ModelFormat
import TestSupport
import Testing

@testable import Ship

@Suite struct WireTests {
  @Test func unpackingGivesTheSameBytes() throws {
    #expect(try Packed.unpack(Packed.pack(Packed.file)) == Packed.file)
  }

  @Test func segmentsAreTheFile() throws {
    let source = try Packed.source(Packed.file)
    var end = 0
    for segment in source.file.segments {
      #expect(segment.range.lowerBound == end && !segment.range.isEmpty)
      end = segment.range.upperBound
    }
    #expect(end == Packed.file.count)
  }

  @Test func everyTruncationIsRefusedAndNothingGetsTheName() throws {
    let packed = try Packed.pack(Packed.file)
    try withTemporaryFolder { folder in
      for length in 0..<packed.count {
        let path = try Packed.write(Array(packed[..<length]), "a.parez", in: folder)
        #expect(throws: ShipError.self, "\(length) bytes") {
          try Unpacker.unpack(path, to: folder + "/out.pare")
        }
      }
      #expect(!AtomicFile.exists(folder + "/out.pare"))
    }
  }

  @Test func everyFlippedBitIsRefused() throws {
    var packed = try Packed.pack(Packed.file)
    try withTemporaryFolder { folder in
      for offset in packed.indices {
        for bit in 0..<8 {
          packed[offset] ^= 1 << UInt8(bit)
          let path = try Packed.write(packed, "a.parez", in: folder)
          #expect(throws: ShipError.self, "byte \(offset) bit \(bit)") {
            try Unpacker.unpack(path, to: folder + "/out.pare")
          }
          packed[offset] ^= 1 << UInt8(bit)
        }
      }
      #expect(!AtomicFile.exists(folder + "/out.pare"))
    }
  }

  /// What one change to a packed file must be refused as.
  struct Attack: Sendable {
    let rule: PackedError.Rule
    let change: @Sendable ([UInt8]) -> [UInt8]

    init(_ rule: PackedError.Rule, _ change: @escaping @Sendable ([UInt8]) -> [UInt8]) {
      self.rule = rule
      self.change = change
    }

    static func header(_ rule: PackedError.Rule, at offset: Int, _ bytes: [UInt8]) -> Attack {
      Attack(rule) { packed in
        Packed.forgeHeader(packed) {
          $0.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
        }
      }
    }

    static func pieces(
      _ rule: PackedError.Rule, _ change: @escaping @Sendable (inout [UInt8]) -> Void
    ) -> Attack {
      Attack(rule) { Packed.forge($0, change) }
    }
  }

  static let attacks: [Attack] = [
    Attack(.headerLength) { Array($0[..<100]) },
    Attack(.magic) { [0x50] + $0[1...] },
    Attack(.headerChecksum) { $0[..<30] + [$0[30] ^ 1] + $0[31...] },
    .header(.byteOrder, at: 8, [1, 2, 3, 4]),
    .header(.majorVersion, at: 12, [2]),
    .header(.incompatibleFeature, at: 24, [1]),
    .header(.headerReserved, at: 116, [1]),
    .header(.sizes, at: 32, [UInt8](repeating: 0, count: 8)),
    .header(.sizes, at: 32, [UInt8](repeating: 255, count: 8)),
    .header(.sizes, at: 112, [0, 0, 2, 0]),
    // Larger than so few packed bytes can be, and smaller than so many must be.
    .header(.sizes, at: 37, [1]),
    .header(.sizes, at: 16, [1, 0, 0, 0, 0, 0, 0, 0]),
    .header(.sizes, at: 80, [1]),
    Attack(.chunkSize) { $0[..<128] + [0, 0, 0, 0] + $0[132...] },
    Attack(.chunkSize) { $0[..<128] + [255, 255, 255, 255] + $0[132...] },
    Attack(.chunkDigest) { $0[..<140] + [$0[140] ^ 1] + $0[141...] },
    Attack(.trailingBytes) { $0 + [0] },
    .pieces(.piece) { $0[0] = 7 },
    .pieces(.piece) { $0[0] = 0x40 },
    .pieces(.piece) { $0[0] = 0x11 },
    .pieces(.pieceLength) { $0 = [0, 0] },
    .pieces(.pieceLength) { $0 = [0x10, 3, 0, 3, 1, 2, 3] },
    .pieces(.pieceLength) { $0 = [0, 0xFF, 0xFF, 0x7F] },
    .pieces(.pieceLength) { $0 += [0] },
    .pieces(.pieceLength) { $0 = [0, 1, 0, 1, 5] },
    // A whole file has no base to copy from.
    .pieces(.baseRange) { $0 = [1, 1, 0] },
    .pieces(.baseRange) { $0 = [2, 1] },
    .pieces(.plane) { $0 = [0, 8, 9, 1, 1] },
    .pieces(.plane) { $0 = [0, 8, 0, 9] },
    .pieces(.plane) { $0 = [0, 8, 0, 3, 1, 2, 3] },
    .pieces(.plane) { $0 = [0, 8, 1, 3, 1, 2, 3] },
    .pieces(.plane) { $0 = [0, 8, 2, 2, 1, 0] },
  ]

  @Test(arguments: attacks.indices) func attacksAreRefusedByTheirRule(_ index: Int) throws {
    let attack = Self.attacks[index]
    let bytes = attack.change(try Packed.pack(Packed.file))
    do {
      _ = try Packed.unpack(bytes)
      Issue.record("accepted")
    } catch ShipError.packed(_, let error) {
      #expect(error.rule == attack.rule)
      #expect(!error.description.isEmpty)
    }
  }

  @Test func everyRuleHasAnAttack() {
    let covered = Set(Self.attacks.map(\.rule))
    #expect(PackedError.Rule.allCases.allSatisfy { covered.contains($0) })
  }

  @Test func aDeflatedBombEndsAtTheChunk() throws {
    // A megabyte of zeros in a plane of eight bytes.
    let bomb = try #require(Deflate.compress([UInt8](repeating: 0, count: 1 << 20), limit: 1 << 16))
    let pieces: [UInt8] = [0, 0x80, 0x10, 1] + Piece.number(bomb.count) + bomb
    let bytes = Packed.forge(try Packed.pack(Packed.file)) { $0 = pieces }
    #expect(throws: ShipError.self) { try Packed.unpack(bytes) }
  }

  @Test func aLargerResultThanAllowedIsRefused() throws {
    try withTemporaryFolder { folder in
      let path = try Packed.write(Packed.pack(Packed.file), "a.parez", in: folder)
      #expect(throws: ShipError.self) {
        try Unpacker.unpack(path, to: folder + "/out.pare", limit: Packed.file.count - 1)
      }
      _ = try Unpacker.unpack(path, to: folder + "/out.pare", limit: Packed.file.count)
    }
  }

  @Test func aCutFileGoesOn() throws {
    let file = try Large.file()
    let packed = try Packed.pack(file)
    try withTemporaryFolder { folder in
      let output = folder + "/out.pare"
      let path = try Packed.write(Array(packed[..<(packed.count * 2 / 3)]), "a.parez", in: folder)
      #expect(throws: ShipError.self) { try Unpacker.unpack(path, to: output) }
      let kept = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(kept.contains { $0.hasSuffix(".part") } && !kept.contains("out.pare"))
      try Data(packed).write(to: URL(filePath: path))
      let report = try Unpacker.unpack(path, to: output)
      #expect(report.resumedBytes > 0 && report.resumedBytes % PackedHeader.chunk == 0)
      #expect(try Packed.read(output) == file)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
    }
  }

  @Test func aDamagedPartIsNotedAndThenLeftOut() throws {
    let file = try Large.file()
    let packed = try Packed.pack(file)
    try withTemporaryFolder { folder in
      let output = folder + "/out.pare"
      let path = try Packed.write(Array(packed[..<(packed.count / 2)]), "a.parez", in: folder)
      #expect(throws: ShipError.self) { try Unpacker.unpack(path, to: output) }
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      let part = try #require(names.first { $0.hasSuffix(".part") })
      var bytes = try Packed.read("\(folder)/\(part)")
      bytes[1000] ^= 1
      _ = try Packed.write(bytes, part, in: folder)
      try Data(packed).write(to: URL(filePath: path))
      #expect(throws: ShipError.self) { try Unpacker.unpack(path, to: output) }
      #expect(!AtomicFile.exists(output))
      _ = try Unpacker.unpack(path, to: output)
      #expect(try Packed.read(output) == file)
    }
  }

  @Test func wireFormsComeNearTheirBound() throws {
    // Seeded Gaussian weights, int8, by parts of zeros: bytes over Shannon's bound.
    for (zeros, most) in [
      (0.0, 1.02), (0.5, 1.04), (0.7, 1.04), (0.8, 1.04), (0.9, 1.04), (0.95, 1.06),
    ] {
      let (file, bound) = try Large.pruned(zeros)
      let packed = try Packed.pack(file)
      // Names, records and the like are not weights: some 400 bytes.
      #expect(
        Double(packed.count - 400) < bound * most, "\(zeros): \(Double(packed.count) / bound)")
      #expect(Double(packed.count) > bound * 0.98)
    }
  }
}
