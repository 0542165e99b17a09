/// Reads of foreign bytes: every one is checked, none traps.
extension UnsafeRawBufferPointer {
  /// The byte at `offset`, or nil beyond the end.
  func at(_ offset: Int) -> UInt8? {
    offset >= 0 && offset < count ? self[offset] : nil
  }

  /// The `length` bytes from `offset`, or nil where they are not all there.
  func slice(_ offset: Int, _ length: Int) -> UnsafeRawBufferPointer? {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else { return nil }
    return UnsafeRawBufferPointer(rebasing: self[offset..<(offset + length)])
  }

  /// The little-endian integer at `offset`, or nil where it is not all there.
  func little<T: FixedWidthInteger & UnsignedInteger>(_ offset: Int, as type: T.Type) -> T? {
    slice(offset, MemoryLayout<T>.size).map { T(littleEndian: $0.loadUnaligned(as: T.self)) }
  }

  /// The big-endian integer at `offset`, or nil where it is not all there.
  func big<T: FixedWidthInteger & UnsignedInteger>(_ offset: Int, as type: T.Type) -> T? {
    slice(offset, MemoryLayout<T>.size).map { T(bigEndian: $0.loadUnaligned(as: T.self)) }
  }

  /// The text up to the first zero byte; invalid UTF-8 is repaired.
  var text: String { String(decoding: prefix { $0 != 0 }, as: UTF8.self) }
}

extension Array where Element == UInt8 {
  /// Calls `body` with the bytes, as `withUnsafeBytes` does, but keeps the type of what it throws.
  func withRawBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    let outcome = withUnsafeBytes { buffer -> Result<R, E> in
      do throws(E) { return .success(try body(buffer)) } catch { return .failure(error) }
    }
    return try outcome.get()
  }
}
