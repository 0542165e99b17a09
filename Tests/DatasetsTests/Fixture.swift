import Foundation
import Testing

@testable import Datasets

/// Files that Scripts/make-dataset-fixtures.py made.
enum Fixture {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures").path

  static func path(_ name: String) -> String { folder + "/" + name }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  static func image(_ name: String) throws -> Image {
    try ImageDecoder.decode(bytes(name), name: name)
  }

  /// The error that `body` throws; fails where it throws none.
  static func error(_ body: () throws -> Void) throws -> DatasetError {
    try #require(throws: DatasetError.self, performing: body)
  }
}

/// A folder of its own that goes with its owner.
final class TemporaryFolder {
  let path = NSTemporaryDirectory() + "/datasets-\(UUID().uuidString)"

  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, and the folder that it lies in.
  func write(_ bytes: [UInt8], to name: String) throws {
    let url = URL(fileURLWithPath: path + "/" + name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  /// Copies a fixture.
  func add(_ fixture: String, as name: String) throws {
    try write(Fixture.bytes(fixture), to: name)
  }
}

extension NumericArray {
  /// The elements of an array of `float32`.
  var floats: [Float] {
    bytes.withUnsafeBytes { buffer in
      (0..<(buffer.count / 4)).map { buffer.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }
}
