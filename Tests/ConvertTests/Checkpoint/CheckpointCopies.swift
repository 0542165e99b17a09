import Foundation
import ModelFormat

@testable import Convert

/// Copies of a checkpoint, each as a process leaves it that is killed at some moment.
///
/// The moments are those at which a conversion shows its progress.
final class CheckpointCopies {
  /// One file, and the parts of long work that were done when it was written.
  struct Copy {
    let data: Data
    let done: Int

    /// How far the conversion had come.
    var file: CheckpointFile { get throws { try CheckpointFile(.init([UInt8](data))) } }
  }

  private let path: String
  private(set) var copies: [Copy] = []
  /// Layers that were measured or pruned, and steps that were taken.
  private(set) var work = 0

  init(of path: String) { self.path = path }

  /// Takes in something that a conversion shows.
  func see(_ progress: Converter.Progress) {
    if let data = FileManager.default.contents(atPath: path), data != copies.last?.data {
      copies.append(Copy(data: data, done: work))
    }
    let stages = ["measure layers", "prune", "distil", "train"]
    if stages.contains(where: { progress.stage.hasPrefix($0) }) { work += 1 }
  }

  /// Up to `count` of the copies, from the first to the last.
  func spread(_ count: Int) -> [Copy] {
    guard copies.count > count else { return copies }
    return (0..<count).map { copies[$0 * (copies.count - 1) / (count - 1)] }
  }
}
