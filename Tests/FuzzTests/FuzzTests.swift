import Foundation
import Testing

/// What fuzzing found, and the inputs that it starts from: none of it may crash, hang or take all memory.
///
/// The targets are those of the package in Fuzz.
@Suite(.serialized) struct FuzzTests {
  /// One target, and what its inputs come to.
  struct Target: CustomTestStringConvertible, Sendable {
    let name: String
    /// Runs one input; the error in words, or nil.
    let run: @Sendable ([UInt8]) -> String?
    /// Of the inputs, at least so many end without and with an error.
    let done: Int
    let refused: Int
    /// More folders of inputs, below the package.
    var folders: [String] = []
    var testDescription: String { name }
  }

  static let targets = [
    Target(name: "import", run: { ImportTarget.run($0) }, done: 20, refused: 20),
    Target(
      name: "model", run: { ModelTarget.run($0) }, done: 20, refused: 20,
      folders: ["Tests/ModelFormatTests/Refused"]),
    Target(name: "unpack", run: { UnpackTarget.run($0) }, done: 6, refused: 0),
    Target(name: "patch", run: { PatchTarget.run($0) }, done: 6, refused: 0),
    Target(name: "keys", run: { KeysTarget.run($0) }, done: 3, refused: 2),
    Target(
      name: "images", run: { ImagesTarget.run($0) }, done: 12, refused: 12,
      folders: ["Tests/DatasetsTests/Fixtures"]),
    Target(
      name: "datasets", run: { DatasetsTarget.run($0) }, done: 20, refused: 12,
      folders: ["Tests/DatasetsTests/Fixtures"]),
  ]

  static let package = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../..").standardized

  /// All files in the folders of regressions and of seeds of one target.
  private static func files(_ target: Target) -> [URL] {
    let folders =
      ["Tests/FuzzTests/Regressions/\(target.name)", "Fuzz/Corpus/\(target.name)"] + target.folders
    return folders.map { package.appending(path: $0) }.flatMap { folder in
      let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
      return (names ?? []).sorted().map { folder.appending(path: $0) }
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: targets)
  func inputsComeToAResultOrAnError(_ target: Target) throws {
    defer { Scratch.remove() }
    var (done, refused) = (0, 0)
    for file in Self.files(target) {
      let bytes = [UInt8](try Data(contentsOf: file))
      let name = file.lastPathComponent
      var error: String?
      let seconds = ContinuousClock().measure { error = target.run(bytes) }
      #expect(error != "", "\(name)")
      if target.name == "import" {
        #expect(error?.hasPrefix("fuzz.onnx: ") ?? true, "\(name): \(error ?? "")")
      }
      // Fuzzing calls one second a hang; a busy machine may take its time.
      #expect(seconds < .seconds(5), "\(name)")
      if error == nil { done += 1 } else { refused += 1 }
    }
    // The seeds reach both ends.
    #expect(done >= target.done && refused >= target.refused, "\(done), \(refused)")
  }
}
