import Foundation
import ModelFormat

/// The folder of a ranking's artifacts: one that stays, or one that is removed.
struct ArtifactFolder: Sendable {
  let path: String
  private let isTemporary: Bool

  /// The folder at `kept`, made if needed, or a new temporary one.
  init(_ kept: String?) throws {
    isTemporary = kept == nil
    path =
      kept
      ?? FileManager.default.temporaryDirectory
      .appending(path: "pare-rank-\(UUID().uuidString)").path
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Failure(outcome: .invalidInput, message: "\(path): the folder cannot be made")
    }
  }

  /// Removes the folder, unless it is to stay.
  func remove() {
    guard isTemporary else { return }
    // A conversion on another thread may put a file back in between.
    for _ in 0..<3 where (try? FileManager.default.removeItem(atPath: path)) == nil {
      guard FileManager.default.fileExists(atPath: path) else { return }
    }
  }
}
