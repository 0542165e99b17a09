import Foundation
import Testing

@testable import ModelFormat

/// Files that break one rule each: the reader names that rule, the place and the subject.
///
/// RECORD_REFUSED=1 writes the files anew, as a change of the format asks for.
@Suite struct RefusedFileTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Refused")

  /// What is expected of every file, one line each.
  static let index =
    "file\trule\toffset\tsubject\n"
    + RefusedFile.all.map {
      "\($0.fileName)\t\($0.rule.rawValue)\t\($0.offset)\t\($0.subject)\n"
    }.joined()

  static func error(_ bytes: [UInt8]) -> ModelError? {
    do throws(ModelError) {
      _ = try ModelReader.read(Bytes(bytes))
      return nil
    } catch { return error }
  }

  @Test(arguments: RefusedFile.all)
  func theRuleIsNamed(_ file: RefusedFile) throws {
    let url = Self.folder.appending(path: file.fileName)
    if ProcessInfo.processInfo.environment["RECORD_REFUSED"] == "1" {
      try Data(file.bytes).write(to: url)
    }
    let bytes = [UInt8](try Data(contentsOf: url))
    #expect(bytes == file.bytes, "RECORD_REFUSED=1 accepts the change")
    let error = try #require(Self.error(bytes), "the file is read")
    #expect(error.rule == file.rule, "\(error)")
    #expect(error.offset == file.offset, "\(error)")
    #expect(error.subject == file.subject, "\(error)")
    if let detail = file.detail { #expect(error.detail == detail) }
  }

  @Test func everyRuleHasAFile() throws {
    let missing = Set(ModelError.Rule.allCases).subtracting(RefusedFile.all.map(\.rule))
    #expect(missing.isEmpty)
    if ProcessInfo.processInfo.environment["RECORD_REFUSED"] == "1" {
      try Data(Self.index.utf8).write(to: Self.folder.appending(path: "expected.tsv"))
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
    #expect(Set(names) == Set(RefusedFile.all.map(\.fileName) + ["expected.tsv"]))
    #expect(names.count == RefusedFile.all.count + 1, "two files have one name")
    #expect(
      try String(contentsOf: Self.folder.appending(path: "expected.tsv"), encoding: .utf8)
        == Self.index)
  }

  /// What refused files are made of is sound, so that the one change is what is refused.
  @Test func draftsThatNobodyChangesAreRead() {
    let graphs =
      [
        HostileGraphs.affine(), HostileGraphs.twoTensors(), HostileGraphs.branches(),
        HostileGraphs.branches(depth: Limits.bodyDepth),
      ] + Encoding.allCases.map { HostileGraphs.worked($0) }
    for graph in graphs {
      let file = FileDraft(graph).file()
      #expect(Self.error(file) == nil)
      #expect(file == ModelWriter(Model(graph: graph)).bytes())
    }
  }

  /// Of the worked example docs/Format.md says every byte.
  @Test func theWorkedExampleIsThatOfTheFormat() {
    #expect(FileDraft(HostileGraphs.worked()).file().count == 1002)
  }

  @Test func metadataIsLimited() {
    var draft = FileDraft(HostileGraphs.worked())
    draft[.metadata] = [UInt8](repeating: 0, count: Limits.metadataBytes)
    #expect(Self.error(draft.file()) == nil)
    draft[.metadata].append(0)
    let error = Self.error(draft.file())
    #expect(error?.rule == .entryCount && error?.offset == draft.entry(.metadata))
    #expect(error?.subject == "metadata")
  }

  /// A reader that is too old says so; it does not call the file damaged.
  @Test func filesOfTheFutureAskForANewerReader() {
    for file in RefusedFile.all
    where [.majorVersion, .incompatibleFeature, .encodingUnknown].contains(file.rule) {
      #expect(Self.error(file.bytes)?.description.contains("newer") == true)
      #expect(Self.error(file.bytes)?.description.contains("damaged") == false)
    }
  }

  /// Three small files, cut at every byte and with every bit flipped.
  @Test(arguments: [HostileGraphs.worked(), HostileGraphs.affine(), HostileGraphs.branches()])
  func everyTruncationAndFlippedBitIsRefused(_ graph: Graph) {
    var file = ModelWriter(Model(graph: graph, metadata: Bytes([8, 1]))).bytes()
    for offset in file.indices {
      #expect(Self.error([UInt8](file[..<offset])) != nil, "cut at \(offset)")
      for bit in 0..<8 {
        file[offset] ^= 1 << UInt8(bit)
        #expect(Self.error(file) != nil, "byte \(offset) bit \(bit)")
        file[offset] ^= 1 << UInt8(bit)
      }
    }
  }
}
