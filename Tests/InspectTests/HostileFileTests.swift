import Convert
import Foundation
import Inspect
import Metadata
import ModelFormat
import TestSupport
import Testing

/// What the tools make of files that were made to harm them.
@Suite struct HostileFileTests {
  static let refused = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../ModelFormatTests/Refused").standardized

  /// The commands read files as the library does: there is no second, weaker reader.
  @Test func toolsRefuseWhatTheReaderRefuses() throws {
    let lines = try String(
      contentsOf: Self.refused.appending(path: "expected.tsv"), encoding: .utf8
    )
    .split(separator: "\n").dropFirst()
    #expect(lines.count > 200)
    for line in lines {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      do throws(ConvertError) {
        _ = try LoadedModel(path: Self.refused.appending(path: fields[0]).path)
        Issue.record("\(fields[0]) is read")
      } catch {
        guard case .opening(.model(_, let error)) = error else {
          Issue.record("\(fields[0]): \(error)")
          continue
        }
        #expect(error.rule.rawValue == fields[1] && "\(error.offset)" == fields[2])
        #expect(error.subject == fields[3])
      }
    }
  }

  /// A file is what its first bytes say, whatever its name; nothing is tried as something else.
  @Test func theFirstBytesDecideWhatAFileIs() throws {
    try withTemporaryFolder { folder in
      let artifact = ModelWriter(Model(graph: SampleGraphs.mixed())).bytes()
      for name in ["net.onnx", "net.pare", "net"] {
        let path = "\(folder)/\(name)"
        try Data(artifact).write(to: URL(filePath: path))
        #expect(try LoadedModel(path: path).file != nil)
        // Damaged, it is a damaged artifact, and no ONNX file that cannot be read.
        try Data(artifact.dropLast()).write(to: URL(filePath: path))
        guard case .opening(.model(_, let error))? = Self.error(path) else {
          Issue.record("\(String(describing: Self.error(path)))")
          continue
        }
        #expect(error.rule == .fileSize)
      }
      // ONNX under the name of an artifact is not tried as ONNX.
      let onnx = "\(folder)/other.pare"
      try Data([8, 7, 18, 4, 112, 97, 114, 101, 58, 0]).write(to: URL(filePath: onnx))
      guard case .opening(.model(_, let error))? = Self.error(onnx) else {
        Issue.record("\(String(describing: Self.error(onnx)))")
        return
      }
      #expect(error.rule == .magic)
    }
  }

  private static func error(_ path: String) -> ConvertError? {
    do throws(ConvertError) {
      _ = try LoadedModel(path: path)
      return nil
    } catch { return error }
  }

  /// One meaning, one encoding: whatever is read is written as it was.
  @Test func metadataHasOneEncoding() throws {
    var metadata = Metadata()
    metadata.labels = ["cat", "dog", ""]
    metadata.sourceEntries = [Entry("key", "value")]
    let bytes = metadata.encoded().array
    #expect(try Metadata(encoded: Bytes(bytes)).labels == metadata.labels)
    var refusals = 0
    for index in bytes.indices {
      for value in UInt8.min...UInt8.max {
        var changed = bytes
        changed[index] = value
        do throws(MetadataError) {
          let read = try Metadata(encoded: Bytes(changed))
          #expect(read.encoded().array == changed)
        } catch { refusals += 1 }
      }
      _ = try? Metadata(encoded: Bytes([UInt8](bytes[..<index])))
    }
    #expect(refusals > 1000)
    // A label twice over in another field order, an unknown field, a length in two bytes instead of one.
    for forged in [
      [0x22, 0, 0x12, 1, 0x61], [0x12, 1, 0x61, 0x78, 1], [0x12, 0x81, 0, 0x61],
    ] as [[UInt8]] {
      #expect(throws: MetadataError.notCanonical) { try Metadata(encoded: Bytes(forged)) }
    }
    // A message that is cut, and groups, which nest without a length.
    for forged in [[0x12, 5, 0x61], [UInt8](repeating: 0x0B, count: 1000)] as [[UInt8]] {
      #expect(throws: MetadataError.malformed) { try Metadata(encoded: Bytes(forged)) }
    }
  }

  /// Millions of empty messages, each of which takes fifty bytes.
  @Test func metadataTakesTheMemoryThatItsBytesJustify() {
    let forged = [[UInt8]](repeating: [0x22, 0], count: 1 << 20).flatMap { $0 }
    #expect(throws: MetadataError.tooLarge) { try Metadata(encoded: Bytes(forged)) }
  }
}
