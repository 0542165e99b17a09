import ModelFormat

@testable import Datasets

/// What is fuzzed of data sets: arrays and archives, by the reader that their first bytes call for.
enum DatasetsTarget {
  /// The most samples that are read from the start.
  private static let samples = 10

  /// Reads the data set in `bytes` and its first samples; returns the error in words, or nil.
  @discardableResult static func run(_ bytes: [UInt8]) -> String? {
    let file = Bytes(bytes)
    do throws(DatasetError) {
      switch bytes.withUnsafeBytes({ FileFormat($0) }) {
      case .tar: return try read(TarSource(file, path: "fuzz"))
      case .idx, .gzip:
        return try read(
          IDXSource(
            images: IDXArray(file, name: "fuzz"), labels: nil, path: "fuzz", fileName: "fuzz"))
      case .npy:
        if let source = try ArraySource(file, path: "fuzz", fileName: "fuzz") {
          return try read(source)
        }
        return try decode(bytes)
      case .zip: return try decode(bytes)
      // Images have a target of their own.
      case .jpeg, .png: return "image"
      case .unknown: return "unknown"
      }
    } catch { return "\(error)" }
  }

  private static func decode(_ bytes: [UInt8]) throws(DatasetError) -> String? {
    _ = try bytes.withRawBytes { (buffer) throws(DatasetError) in
      try Sample.Content(decoding: buffer, name: "fuzz")
    }
    return nil
  }

  /// Reads the first samples, and the last, which damage at the end concerns.
  private static func read(_ source: some SampleSource) throws(DatasetError) -> String? {
    for index in 0..<min(source.count, samples) { _ = try source.sample(at: index) }
    _ = try source.sample(at: source.count - 1)
    return nil
  }
}
