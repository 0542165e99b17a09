import Foundation
import Testing

/// What PyTorch computed; see Scripts/make-training-fixtures.py.
struct TrainingFixture {
  private let arrays: [String: Data]

  /// The case of a name.
  init(_ name: String) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    let data = try Data(contentsOf: folder.appending(path: "training.json"))
    let all = try JSONDecoder().decode([String: [String: Data]].self, from: data)
    arrays = try #require(all[name])
  }

  /// The elements of an array.
  func floats(_ name: String) throws -> [Float] {
    let data = try #require(arrays[name])
    return data.withUnsafeBytes { raw in
      (0..<raw.count / 4).map {
        Float(
          bitPattern: UInt32(
            littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
      }
    }
  }

  /// An array of whole numbers.
  func integers(_ name: String) throws -> [Int] { try floats(name).map { Int($0) } }
}

/// Requires as many elements, each within a part of the largest or of itself.
func expectClose(
  _ found: [Float], _ expected: [Float], _ tolerance: Float = 1e-5,
  _ location: SourceLocation = #_sourceLocation
) {
  #expect(found.count == expected.count, sourceLocation: location)
  let most = expected.reduce(Float(1e-6)) { max($0, abs($1)) }
  for (index, (a, b)) in zip(found, expected).enumerated() {
    let isClose = a == b || abs(a - b) <= tolerance * most
    #expect(isClose, "element \(index): \(a) is not \(b)", sourceLocation: location)
    if !isClose { return }
  }
}
