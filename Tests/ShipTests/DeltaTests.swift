import ModelFormat
import TestSupport
import Testing

@testable import Ship

@Suite struct DeltaTests {
  @Test func patchingGivesTheNewFile() throws {
    let delta = try Packed.pack(Packed.changed, from: Packed.file)
    #expect(try Packed.unpack(delta, base: Packed.file) == Packed.changed)
    #expect(delta.count < (try Packed.pack(Packed.changed)).count)
  }

  @Test func anEqualFileIsCopiedWhole() throws {
    let file = try Large.file()
    let delta = try Packed.pack(file, from: file)
    #expect(delta.count < 1000)
    #expect(try Packed.unpack(delta, base: file) == file)
  }

  @Test func changesOfOneTakeAboutTheirEntropy() throws {
    let (old, new) = try Large.int8(changed: 0.1)
    let delta = try Packed.pack(new, from: old)
    // .1 · log2(20) + .9 · log2(1 / .9) bits for each of 2¹⁸ weights.
    let bound = Double(1 << 18) / 8 * (0.1 * 4.3219 + 0.9 * 0.1520)
    #expect(Double(delta.count) < bound * 1.4)
    #expect(Double(delta.count) > bound * 0.95)
    #expect(try Packed.unpack(delta, base: old) == new)
  }

  @Test func aFineTunedFloatFileTakesThreeQuarters() throws {
    let old = try Large.file()
    let new = try Large.file(noise: 1e-4)
    let delta = try Packed.pack(new, from: old)
    #expect(Double(delta.count) < 0.75 * Double(try Packed.pack(new).count))
    #expect(try Packed.unpack(delta, base: old) == new)
  }

  @Test func anotherBaseIsRefused() throws {
    let delta = try Packed.pack(Packed.changed, from: Packed.file)
    var other = Packed.file
    other[other.count - 1] ^= 1
    for base in [other, Packed.changed, Array(Packed.file.dropLast())] {
      do {
        _ = try Packed.unpack(delta, base: base)
        Issue.record("accepted")
      } catch ShipError.otherBase {}
    }
  }

  @Test func wholeFilesAndDeltasAreToldApart() throws {
    let delta = try Packed.pack(Packed.changed, from: Packed.file)
    do {
      _ = try Packed.unpack(delta)
      Issue.record("accepted")
    } catch ShipError.needsBase {}
    do {
      _ = try Packed.unpack(Packed.pack(Packed.changed), base: Packed.file)
      Issue.record("accepted")
    } catch ShipError.noDelta {}
  }

  @Test func everyTruncationAndEveryFlippedBitOfADeltaIsRefused() throws {
    var delta = try Packed.pack(Packed.changed, from: Packed.file)
    try withTemporaryFolder { folder in
      let base = try Packed.write(Packed.file, "base.pare", in: folder)
      func refuses(_ bytes: [UInt8], _ comment: Comment) throws {
        let path = try Packed.write(bytes, "a.pared", in: folder)
        #expect(throws: ShipError.self, comment) {
          try Unpacker.unpack(path, base: base, to: folder + "/out.pare")
        }
      }
      for length in 0..<delta.count { try refuses(Array(delta[..<length]), "\(length) bytes") }
      for offset in delta.indices {
        for bit in 0..<8 {
          delta[offset] ^= 1 << UInt8(bit)
          try refuses(delta, "byte \(offset) bit \(bit)")
          delta[offset] ^= 1 << UInt8(bit)
        }
      }
      #expect(!AtomicFile.exists(folder + "/out.pare"))
    }
  }

  @Test func piecesBeyondTheBaseAreRefused() throws {
    let delta = try Packed.pack(Packed.changed, from: Packed.file)
    let size = Packed.file.count
    for place in [size, size + 1, 1 << 42, size - 7] {
      let forged = Packed.forge(delta) { $0 = [1, 8] + Piece.number(place) }
      do {
        _ = try Packed.unpack(forged, base: Packed.file)
        Issue.record("accepted")
      } catch ShipError.packed(_, let error) {
        #expect(error.rule == .baseRange, "\(place)")
      }
    }
  }
}
