/// Immutable bytes that are owned, or that are a window on a mapped file which they keep mapped.
public struct Bytes: Sendable {
  private enum Backing {
    case array([UInt8])
    case mapped(MappedFile.Shared, Range<Int>)
  }
  private let backing: Backing

  /// Bytes that the array owns.
  public init(_ array: [UInt8]) { backing = .array(array) }

  /// The bytes `range` of a mapped file. The caller has checked that they lie within it.
  public init(_ file: MappedFile.Shared, _ range: Range<Int>) { backing = .mapped(file, range) }

  /// The number of bytes.
  public var count: Int {
    switch backing {
    case .array(let array): array.count
    case .mapped(_, let range): range.count
    }
  }

  /// Calls `body` with the bytes; the pointer is valid during the call alone.
  public func withUnsafeBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    switch backing {
    case .array(let array):
      var result: Result<R, E>?
      array.withUnsafeBytes { buffer in
        do throws(E) { result = .success(try body(buffer)) } catch { result = .failure(error) }
      }
      // The closure has run, so there is a result.
      return try result.unsafelyUnwrapped.get()
    case .mapped(let file, let range):
      return try body(UnsafeRawBufferPointer(rebasing: file.buffer[range]))
    }
  }

  /// A copy as an array.
  public var array: [UInt8] {
    switch backing {
    case .array(let array): array
    case .mapped: withUnsafeBytes { [UInt8]($0) }
    }
  }

  /// A copy read as elements of `type`; trailing bytes that make no whole element are left out.
  public func elements<T: BitwiseCopyable>(as type: T.Type) -> [T] {
    withUnsafeBytes { buffer in
      let count = buffer.count / MemoryLayout<T>.stride
      return [T](unsafeUninitializedCapacity: count) { out, initialized in
        UnsafeMutableRawBufferPointer(out).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: buffer[..<(count * MemoryLayout<T>.stride)]))
        initialized = count
      }
    }
  }

  /// The bytes of `elements` in memory order (little endian on every supported machine).
  public init<T: BitwiseCopyable>(elements: [T]) {
    self.init(elements.withUnsafeBytes { [UInt8]($0) })
  }
}
