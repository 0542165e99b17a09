import ModelFormat

/// The bytes of a model file: mapped from a file, or in memory.
enum ModelSource {
  case mapped(MappedFile.Shared)
  case memory([UInt8])

  /// The size in bytes.
  var count: Int {
    switch self {
    case .mapped(let file): file.count
    case .memory(let bytes): bytes.count
    }
  }

  /// The bytes `range`, or nil where they reach beyond the end.
  ///
  /// Mapped bytes are not copied.
  func bytes(_ range: Range<Int>) -> Bytes? {
    guard range.lowerBound >= 0, range.upperBound <= count else { return nil }
    return switch self {
    case .mapped(let file): Bytes(file, range)
    case .memory(let bytes): Bytes([UInt8](bytes[range]))
    }
  }

  /// Calls `body` with all bytes; the pointer is valid during the call alone.
  func withUnsafeBytes<R>(
    _ body: (UnsafeRawBufferPointer) throws(ImportProblem) -> R
  ) throws(ImportProblem) -> R {
    switch self {
    case .mapped(let file): try Bytes(file, 0..<file.count).withUnsafeBytes(body)
    case .memory(let bytes): try Bytes(bytes).withUnsafeBytes(body)
    }
  }
}
