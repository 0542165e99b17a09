import Foundation
import TestSupport
import Testing

@testable import ModelFormat

@Suite struct AtomicFileTests {
  /// A process that has ended, by its number.
  private func endedProcess() throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "exit 0"]
    try process.run()
    process.waitUntilExit()
    return process.processIdentifier
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test func whatEndedProcessesLeftIsRemovedAndNothingElse() throws {
    try withTemporaryFolder { folder in
      let ended = try endedProcess()
      let stays = [
        "a.pare.\(getppid()).tmp", "a.pare.tmp", "a.pare.0.tmp", "a.pare.x.tmp", "a.pare.-7.tmp",
        "a.pare.\(ended).tmp.bak", "b.pare.\(ended).tmp",
      ]
      for name in stays + ["a.pare.\(ended).tmp"] {
        try Data("left".utf8).write(to: URL(filePath: "\(folder)/\(name)"))
      }
      try AtomicFile.write([1, 2, 3], to: "\(folder)/a.pare")
      #expect(try names(folder) == (stays + ["a.pare"]).sorted())
    }
  }

  @Test func temporaryFilesThatAreHeldStay() throws {
    try withTemporaryFolder { folder in
      // As one of a process of another container, whose number says nothing here.
      let held = "\(folder)/a.pare.\(try endedProcess()).tmp"
      let descriptor = open(held, O_RDWR | O_CREAT, 0o644)
      #expect(descriptor >= 0)
      StaleFiles.hold(descriptor)
      try AtomicFile.write([1], to: "\(folder)/a.pare")
      #expect(try names(folder).count == 2)
      close(descriptor)
      try AtomicFile.write([2], to: "\(folder)/a.pare")
      #expect(try names(folder) == ["a.pare"])
    }
  }

  @Test func newFilesReplaceNone() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/key"
      try AtomicFile.write([1], to: path, isSecret: true, isNew: true)
      #expect(throws: FileError.cannotWrite(path: path, code: EEXIST)) {
        try AtomicFile.write([2], to: path, isNew: true)
      }
      #expect(try Data(contentsOf: URL(filePath: path)) == Data([1]))
      #expect(try names(folder) == ["key"])
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == 0o600)
    }
  }

  @Test func whatIsNotAcceptedOrFailsLeavesTheOldFile() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/a"
      try AtomicFile.write([1], to: path)
      let isWritten = try AtomicFile.write(to: path, accept: { _ in false }) {
        (sink) throws(FileError) in
        try Bytes([2]).withUnsafeBytes { (bytes) throws(FileError) in try sink(bytes) }
      }
      #expect(!isWritten)
      #expect(throws: FileError.self) {
        try AtomicFile.write(to: path) { (_) throws(FileError) in throw .empty(path: "other") }
      }
      #expect(try Data(contentsOf: URL(filePath: path)) == Data([1]))
      #expect(try names(folder) == ["a"])
    }
  }
}
