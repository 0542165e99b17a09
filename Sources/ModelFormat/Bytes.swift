/// Immutable bytes: a window on an array or on a mapped file, which it keeps alive.
public struct Bytes: Sendable {
  private enum Backing {
    case array([UInt8])
    #if !hasFeature(Embedded)
    case mapped(MappedFile.Shared)
    #endif
  }
  private let backing: Backing
  private let range: Range<Int>

  /// Bytes that the array owns.
  public init(_ array: [UInt8]) {
    backing = .array(array)
    range = 0..<array.count
  }

  #if !hasFeature(Embedded)
  /// The bytes `range` of a mapped file, or all of them.
  ///
  /// The caller has checked that they lie within.
  public init(_ file: MappedFile.Shared, _ range: Range<Int>? = nil) {
    backing = .mapped(file)
    self.range = range ?? 0..<file.count
  }
  #endif

  private init(_ backing: Backing, _ range: Range<Int>) {
    self.backing = backing
    self.range = range
  }

  #if hasFeature(Embedded)
  /// These bytes: a device has no store to move them to.
  var kept: Bytes { self }
  #else
  /// Whether the bytes are in memory of the process's own.
  var isInMemory: Bool { if case .array = backing { true } else { false } }
  #endif

  #if !hasFeature(Embedded)
  /// Whether the file that they lie in lost a part of itself while it was mapped; see `MappedFile`.
  public var isLost: Bool { if case .mapped(let file) = backing { file.isLost } else { false } }

  /// The file that they are a window on, or nil where they are in memory.
  package var file: MappedFile.Shared? { if case .mapped(let file) = backing { file } else { nil } }
  #endif

  /// The number of bytes.
  public var count: Int { range.count }

  /// The bytes `window` of these bytes, without a copy, or nil where they reach beyond the end.
  public func slice(_ window: Range<Int>) -> Bytes? {
    guard window.lowerBound >= 0, window.upperBound <= count else { return nil }
    let start = range.lowerBound + window.lowerBound
    return Bytes(backing, start..<(start + window.count))
  }

  /// Calls `body` with the bytes; the pointer is valid during the call alone.
  public func withUnsafeBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    switch backing {
    case .array(let array):
      var result: Result<R, E>?
      array.withUnsafeBytes { buffer in
        do throws(E) {
          result = .success(try body(UnsafeRawBufferPointer(rebasing: buffer[range])))
        } catch {
          result = .failure(error)
        }
      }
      // The closure has run, so there is a result.
      return try result.unsafelyUnwrapped.get()
    #if !hasFeature(Embedded)
    case .mapped(let file):
      return try body(UnsafeRawBufferPointer(rebasing: file.buffer[range]))
    #endif
    }
  }

  /// The address of the bytes where they lie in a mapped file, for as long as these bytes live; nil
  /// elsewhere.
  public var mappedAddress: UnsafeRawPointer? {
    #if !hasFeature(Embedded)
    if case .mapped(let file) = backing {
      return file.buffer.baseAddress.map { $0 + range.lowerBound }
    }
    #endif
    return nil
  }

  /// Lets go of the pages of a mapped file that lie wholly within these bytes.
  func releasePages() {
    #if !hasFeature(Embedded)
    if case .mapped(let file) = backing { file.releasePages(range) }
    #endif
  }

  /// A copy as an array.
  public var array: [UInt8] {
    if case .array(let array) = backing, range.count == array.count { return array }
    return withUnsafeBytes { [UInt8]($0) }
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
