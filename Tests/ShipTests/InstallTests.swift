import Foundation
import ModelFormat
import TestSupport
import Testing

@testable import Ship

@Suite struct InstallTests {
  /// A folder to install into, and a maker of files of a release.
  private func withFolder(
    _ body: (_ folder: String, _ file: (UInt64) throws -> String) throws -> Void
  ) throws {
    try withTemporaryFolder { base in
      try body(base + "/models") { release in
        var model = Packed.model
        model.release = release
        return try Packed.write(ModelWriter(model).bytes(), "\(release).pare", in: base)
      }
    }
  }

  private func install(
    _ path: String, _ folder: String, _ policy: Installer.Policy = .init(),
    _ result: GoldenResult = .agrees
  ) throws -> Installer.Report {
    try Installer.install(path, into: folder, policy: policy) { _ in result }
  }

  /// The release that a reader of `current` finds.
  private func current(_ folder: String) throws -> UInt64 {
    try ModelReader.open(path: folder + "/current").model.release
  }

  private func models(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".pare") }
  }

  @Test func twoAreKeptAndTheLastIsCurrent() throws {
    try withFolder { folder, file in
      for release in 1...4 as ClosedRange<UInt64> {
        let report = try install(try file(release), folder)
        #expect(try current(folder) == release)
        #expect(report.path.hasSuffix("\(report.digest).pare"))
      }
      #expect(try models(folder).count == 2)
      let previous = try ModelReader.open(path: folder + "/previous").model.release
      #expect(previous == 3)
    }
  }

  @Test func theSameAgainChangesNothing() throws {
    try withFolder { folder, file in
      _ = try install(try file(1), folder)
      _ = try install(try file(2), folder)
      let report = try install(try file(2), folder)
      #expect(report.wasCurrent)
      #expect(try ModelReader.open(path: folder + "/previous").model.release == 1)
    }
  }

  @Test func anOlderReleaseIsRefusedUnlessAllowed() throws {
    try withFolder { folder, file in
      _ = try install(try file(5), folder)
      do {
        _ = try install(try file(4), folder)
        Issue.record("accepted")
      } catch ShipError.rollback(_, let release, let installed) {
        #expect(release == 4 && installed == 5)
      }
      #expect(try current(folder) == 5)
      var policy = Installer.Policy()
      policy.allowsRollback = true
      _ = try install(try file(4), folder, policy)
      #expect(try current(folder) == 4)
      // What was highest stays highest.
      #expect(throws: ShipError.self) { try install(try file(3), folder) }
    }
  }

  @Test func aFileThatComputesSomethingElseIsNotSwitchedTo() throws {
    try withFolder { folder, file in
      _ = try install(try file(1), folder)
      do {
        _ = try install(try file(2), folder, .init(), .disagrees("output 0"))
        Issue.record("accepted")
      } catch ShipError.golden {}
      #expect(try current(folder) == 1)
      #expect(try models(folder).count == 1)
      // It did not raise the bar.
      _ = try install(try file(1), folder)
    }
  }

  @Test func aDamagedFileIsNotSwitchedTo() throws {
    try withFolder { folder, file in
      _ = try install(try file(1), folder)
      let path = try file(2)
      var bytes = try Packed.read(path)
      for offset in stride(from: 0, to: bytes.count, by: 37) {
        bytes[offset] ^= 1
        try Data(bytes).write(to: URL(filePath: path))
        #expect(throws: ShipError.self) { try install(path, folder) }
        bytes[offset] ^= 1
      }
      #expect(try current(folder) == 1)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted().dropFirst() == [
          "current", "lock", "release",
        ])
    }
  }

  @Test func aKeyIsAskedFor() throws {
    try withFolder { folder, file in
      let key = SigningKey()
      let path = try file(1)
      var policy = Installer.Policy()
      policy.key = key.verifying
      #expect(throws: ShipError.self) { try install(path, folder, policy) }
      _ = try Signer.sign(path, by: key, to: path, isDetached: true)
      _ = try install(path, folder, policy)
      let other = try file(2)
      _ = try Signer.sign(other, by: key, to: other)
      AtomicFile.remove(other + DetachedSignature.suffix)
      _ = try install(other, folder, policy)
      let foreign = try file(3)
      _ = try Signer.sign(foreign, by: SigningKey(), to: foreign)
      #expect(throws: ShipError.self) { try install(foreign, folder, policy) }
      #expect(try current(folder) == 2)
    }
  }

  @Test func packedFilesAndDeltasAreInstalled() throws {
    try withFolder { folder, file in
      let (one, two) = (try file(1), try file(2))
      _ = try Packer.pack(one, to: one + "z")
      _ = try Packer.pack(two, from: one, to: two + "d")
      #expect(throws: ShipError.self) { try install(two + "d", folder) }
      _ = try install(one + "z", folder)
      _ = try install(two + "d", folder)
      #expect(try current(folder) == 2)
      #expect(try Packed.read(folder + "/current") == Packed.read(two))
    }
  }

  @Test func aDeltaThatWasInstalledChangesNothing() throws {
    try withFolder { folder, file in
      let (one, two) = (try file(1), try file(2))
      _ = try Packer.pack(two, from: one, to: two + "d")
      _ = try install(one, folder)
      _ = try install(two + "d", folder)
      let again = try install(two + "d", folder)
      #expect(again.wasCurrent)
      #expect(try Packed.read(folder + "/current") == Packed.read(two))
      #expect(try Packed.read(folder + "/previous") == Packed.read(one))
    }
  }

  @Test func whatIsRefusedLeavesNothing() throws {
    try withFolder { folder, file in
      let (one, two) = (try file(1), try file(2))
      _ = try Packer.pack(two, to: two + "z")
      _ = try install(one, folder)
      let before = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      #expect(throws: ShipError.self) { try install(two + "z", folder, .init(), .disagrees("x")) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == before)
      // Nor does what is unpacked by itself.
      let output = folder + "/../out.pare"
      #expect(throws: ShipError.self) {
        try Unpacker.unpack(
          two + "z", to: output, accept: { (_, path) throws(ShipError) in throw .locked(path) })
      }
      let around = try FileManager.default.contentsOfDirectory(atPath: folder + "/..")
      #expect(!around.contains { $0.hasPrefix("out.pare") })
    }
  }

  @Test func oneProcessAtATimeInstalls() throws {
    try withFolder { folder, file in
      _ = try install(try file(1), folder)
      let path = try file(2)
      _ = try Installer.install(path, into: folder) { _ in
        // In the middle of one, another.
        do {
          _ = try Installer.install(path, into: folder) { _ in .agrees }
          Issue.record("accepted")
        } catch ShipError.locked {} catch { Issue.record("\(error)") }
        return .agrees
      }
      #expect(try current(folder) == 2)
    }
  }

  @Test func aReaderKeepsItsFile() throws {
    try withFolder { folder, file in
      _ = try install(try file(1), folder)
      let open = try ModelReader.open(path: folder + "/current")
      for release in 2...4 as ClosedRange<UInt64> { _ = try install(try file(release), folder) }
      // Removed meanwhile, and still whole.
      #expect(ModelWriter(open.model).bytes().count == Packed.file.count)
      #expect(open.model.release == 1)
    }
  }

  @Test func whatElseLiesInTheFolderStays() throws {
    try withFolder { folder, file in
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      _ = try Packed.write([1, 2], "mine.pare", in: folder)
      for release in 1...3 as ClosedRange<UInt64> { _ = try install(try file(release), folder) }
      #expect(try Packed.read(folder + "/mine.pare") == [1, 2])
    }
    try withFolder { folder, file in
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      _ = try Packed.write([3], "current", in: folder)
      #expect(throws: ShipError.self) { try install(try file(1), folder) }
      #expect(try Packed.read(folder + "/current") == [3])
    }
  }

  @Test func aDamagedNoteOfTheReleaseOpensNoDoor() throws {
    try withFolder { folder, file in
      _ = try install(try file(5), folder)
      _ = try Packed.write([UInt8]("soon".utf8), "release", in: folder)
      #expect(throws: ShipError.self) { try install(try file(1), folder) }
      #expect(try current(folder) == 5)
    }
  }
}
