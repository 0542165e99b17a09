import Foundation
import ModelFormat
import TestSupport
import Testing

@testable import Ship

@Suite struct SignatureTests {
  /// A folder with a model, and a key that signed it or not.
  private func withModel(
    isSigned: Bool, _ body: (_ path: String, SigningKey, _ folder: String) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      let path = try Packed.write(Packed.file, "m.pare", in: folder)
      let key = SigningKey()
      if isSigned { _ = try Signer.sign(path, by: key, to: path) }
      try body(path, key, folder)
    }
  }

  private func problem(_ body: () throws -> Void) throws -> ShipError.SignatureProblem? {
    do { try body() } catch ShipError.signature(_, let problem) { return problem }
    return nil
  }

  @Test func aSignedFileIsAcceptedByItsKeyAlone() throws {
    try withModel(isSigned: true) { path, key, _ in
      let file = try ModelReader.open(path: path)
      try key.verifying.require(file, path: path)
      #expect(file.model.signature?.keyID == key.id)
      let other = SigningKey()
      #expect(
        try problem { try other.verifying.require(file, path: path) }
          == .otherKey(key.number, wanted: other.number))
    }
  }

  @Test func anUnsignedFileIsRefused() throws {
    try withModel(isSigned: false) { path, key, _ in
      let file = try ModelReader.open(path: path)
      #expect(try problem { try key.verifying.require(file, path: path) } == .missing)
    }
  }

  @Test func signingDoesNotChangeWhatIsSigned() throws {
    try withModel(isSigned: true) { path, key, folder in
      let first = try ModelReader.open(path: path)
      _ = try Signer.sign(path, by: SigningKey(), to: folder + "/n.pare")
      let second = try ModelReader.open(path: folder + "/n.pare")
      #expect(first.digest == second.digest)
      #expect(first.model.signature != second.model.signature)
    }
  }

  @Test func everyFlippedBitOfASignedFileIsRefused() throws {
    try withModel(isSigned: true) { path, key, _ in
      var bytes = try Packed.read(path)
      AtomicFile.remove(path + DetachedSignature.suffix)
      for offset in bytes.indices {
        bytes[offset] ^= 4
        let isAccepted: Bool
        do {
          let file = try ModelReader.read(Bytes(bytes))
          try key.verifying.require(file, path: path)
          isAccepted = true
        } catch { isAccepted = false }
        #expect(!isAccepted, "byte \(offset)")
        bytes[offset] ^= 4
      }
    }
  }

  @Test func aFileMadeAnewAroundTheSignatureIsRefused() throws {
    try withModel(isSigned: true) { path, key, folder in
      // What an attacker can do without the key: change weights and put every digest right.
      var model = try ModelReader.open(path: path).model
      model.release += 1
      let forged = try Packed.write(ModelWriter(model).bytes(), "f.pare", in: folder)
      let file = try ModelReader.open(path: forged)
      #expect(try problem { try key.verifying.require(file, path: forged) } == .doesNotHold)
    }
  }

  @Test func keysAreReadAsWritten() throws {
    try withTemporaryFolder { folder in
      let key = SigningKey()
      for password in [nil, "a word, or two"] {
        let text = try #require(key.text(password: password))
        let path = try Packed.write([UInt8](text.utf8), "k.key", in: folder)
        let read = try SigningKey(path: path) { password }
        #expect(read.id == key.id && read.sign([1, 2]) == key.sign([1, 2]))
        guard password != nil else { continue }
        for wrong in ["another", nil] {
          #expect(throws: ShipError.self) { try SigningKey(path: path) { wrong } }
        }
      }
      let path = try Packed.write([UInt8](key.verifying.text.utf8), "k.pub", in: folder)
      #expect(try VerifyingKey(path) == key.verifying)
      #expect(try VerifyingKey(key.verifying.base64) == key.verifying)
    }
  }

  @Test func cutAndFlippedKeysAreRefused() throws {
    try withTemporaryFolder { folder in
      let key = SigningKey()
      let text = [UInt8](try #require(key.text(password: nil)).utf8)
      for length in 0..<(text.count - 1) {
        let path = try Packed.write(Array(text[..<length]), "k.key", in: folder)
        #expect(throws: ShipError.self) { try SigningKey(path: path) { nil } }
      }
    }
  }

  @Test func linesMayEndAsTheyDoElsewhere() throws {
    try withTemporaryFolder { folder in
      let key = SigningKey()
      let text = try #require(key.text(password: nil)).replacing("\n", with: "\r\n")
      let path = try Packed.write([UInt8](text.utf8), "k.key", in: folder)
      #expect(try SigningKey(path: path) { nil }.id == key.id)
    }
  }

  /// Little memory and many operations: scrypt does them side by side, each with memory of its own.
  @Test(arguments: [(UInt64(1) << 25, UInt64(8)), (1 << 25, 1 << 20), (1 << 26, 1 << 30)])
  func aKeyThatAsksForMoreOperationsThanItsMemoryBearsIsRefused(
    _ operations: UInt64, _ memory: UInt64
  ) throws {
    try withTemporaryFolder { folder in
      func bytes(_ number: UInt64) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { [UInt8]($0) }
      }
      var key = [UInt8]("EdScB2".utf8) + [UInt8](repeating: 1, count: 32)
      key += bytes(operations) + bytes(memory) + [UInt8](repeating: 2, count: 104)
      let text = "untrusted comment: x\n\(Sodium.base64(key))\n"
      let path = try Packed.write([UInt8](text.utf8), "k.key", in: folder)
      do {
        _ = try SigningKey(path: path) { "word" }
        Issue.record("accepted")
      } catch ShipError.key(_, let problem) { #expect(problem == .tooCostly) }
    }
  }

  @Test func aKeyThatAsksForAllMemoryIsRefused() throws {
    try withTemporaryFolder { folder in
      var bytes = [UInt8]("Ed".utf8) + [UInt8]("Sc".utf8) + [UInt8]("B2".utf8)
      bytes += [UInt8](repeating: 1, count: 32) + [UInt8](repeating: 255, count: 16)
      bytes += [UInt8](repeating: 2, count: 104)
      let text = "untrusted comment: x\n\(Sodium.base64(bytes))\n"
      let path = try Packed.write([UInt8](text.utf8), "k.key", in: folder)
      #expect(throws: ShipError.self) { try SigningKey(path: path) { "word" } }
    }
  }

  /// The program minisign, or nil where it is not installed.
  static let minisign = [
    "/usr/bin/minisign", "/usr/local/bin/minisign", "/opt/homebrew/bin/minisign",
  ]
  .first { FileManager.default.isExecutableFile(atPath: $0) }

  private func run(_ arguments: [String], in folder: String) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: try #require(Self.minisign))
    process.arguments = arguments
    process.currentDirectoryURL = URL(filePath: folder)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  @Test(.enabled(if: minisign != nil, "minisign is not installed"))
  func minisignAcceptsOurSignaturesAndWeIts() throws {
    try withModel(isSigned: true) { path, key, folder in
      _ = try Packed.write([UInt8](key.verifying.text.utf8), "k.pub", in: folder)
      #expect(try run(["-V", "-p", "k.pub", "-m", "m.pare"], in: folder) == 0)
      // Its keys, its signature.
      let plain = try Packed.write(Packed.file, "p.pare", in: folder)
      #expect(try run(["-G", "-W", "-f", "-p", "their.pub", "-s", "their.key"], in: folder) == 0)
      #expect(try run(["-S", "-W", "-s", "their.key", "-m", "p.pare"], in: folder) == 0)
      let theirs = try VerifyingKey(folder + "/their.pub")
      let file = try ModelReader.open(path: plain)
      try theirs.require(file, path: plain)
      #expect(throws: ShipError.self) { try key.verifying.require(file, path: plain) }
      // Its key, our signature; our key, its signature.
      let their = try SigningKey(path: folder + "/their.key") { nil }
      _ = try Signer.sign(plain, by: their, to: folder + "/q.pare")
      #expect(try run(["-V", "-p", "their.pub", "-m", "q.pare"], in: folder) == 0)
      let text = try #require(key.text(password: nil))
      _ = try Packed.write([UInt8](text.utf8), "k.key", in: folder)
      #expect(try run(["-S", "-W", "-s", "k.key", "-m", "p.pare"], in: folder) == 0)
      try key.verifying.require(file, path: plain)
      // A changed file.
      var bytes = try Packed.read(folder + "/q.pare")
      bytes[bytes.count - 1] ^= 1
      _ = try Packed.write(bytes, "q.pare", in: folder)
      #expect(try run(["-V", "-p", "their.pub", "-m", "q.pare"], in: folder) != 0)
    }
  }
}
