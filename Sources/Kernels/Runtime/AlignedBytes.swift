/// Memory aligned to 64 bytes, zeroed, with 64 readable bytes after its end, freed with its owner.
final class AlignedBytes: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let count: Int

  init(_ count: Int) {
    self.count = count
    let whole = count + 64
    base = .allocate(byteCount: whole, alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: whole)
  }

  /// Memory for `count` elements of type `T`.
  convenience init<T: BitwiseCopyable>(_ count: Int, of type: T.Type) {
    self.init(count * MemoryLayout<T>.stride)
  }

  deinit { base.deallocate() }

  /// The memory seen as elements of type `T`.
  func pointer<T: BitwiseCopyable>(_ type: T.Type) -> UnsafeMutablePointer<T> {
    base.assumingMemoryBound(to: type)
  }
}

/// Returns `value` rounded up to a multiple of `unit`.
@inline(__always) func roundedUp(_ value: Int, to unit: Int) -> Int {
  (value + unit - 1) / unit * unit
}
