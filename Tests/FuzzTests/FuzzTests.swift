import Foundation
import Testing

/// What fuzzing found, and the inputs that it starts from: none of it may crash, hang or take all memory.
///
/// The targets are those of the package in Fuzz.
@Suite struct FuzzTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

  /// All files in the folders of regressions and of seeds of one target.
  private static func files(_ target: String) -> [URL] {
    [folder.appending(path: "Regressions/\(target)"), corpus(target)].flatMap { folder in
      let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
      return (names ?? []).sorted().map { folder.appending(path: $0) }
    }
  }

  private static func corpus(_ target: String) -> URL {
    folder.appending(path: "../../Fuzz/Corpus/\(target)").standardized
  }

  @Test(.timeLimit(.minutes(1))) func importedFilesAreModelsOrErrors() throws {
    var outcomes: [String: Int] = [:]
    for file in Self.files("import") {
      let error = ImportTarget.run([UInt8](try Data(contentsOf: file)))
      #expect(error?.hasPrefix("fuzz.onnx: ") ?? true, "\(file.lastPathComponent): \(error ?? "")")
      outcomes[error == nil ? "model" : "error", default: 0] += 1
    }
    // The seeds reach both ends.
    #expect(outcomes["model", default: 0] > 20 && outcomes["error", default: 0] > 20)
  }

  @Test(.timeLimit(.minutes(1))) func artifactsRunOrAreRefused() throws {
    var outcomes: [String: Int] = [:]
    for file in Self.files("model") {
      let error = ModelTarget.run([UInt8](try Data(contentsOf: file)))
      #expect(error != "", "\(file.lastPathComponent)")
      outcomes[error == nil ? "run" : "error", default: 0] += 1
    }
    #expect(outcomes["run", default: 0] > 20 && outcomes["error", default: 0] > 20)
  }
}
