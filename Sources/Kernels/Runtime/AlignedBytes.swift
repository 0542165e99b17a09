/// Memory aligned to 64 bytes, zeroed, with 64 readable bytes after its end, freed with its owner; or a
/// window on memory that somebody else keeps.
final class AlignedBytes: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let count: Int
  /// What was allocated; nil for a window.
  private let memory: ZeroedMemory?

  init(_ count: Int) {
    guard let memory = ZeroedMemory(count) else { fatalError("out of memory") }
    self.memory = memory
    self.count = count
    base = memory.base
  }

  /// A window on `count` bytes that are only read and outlive it.
  init(window: UnsafeRawPointer, count: Int) {
    base = UnsafeMutableRawPointer(mutating: window)
    self.count = count
    memory = nil
  }

  /// Memory for `count` elements of type `T`.
  convenience init<T: BitwiseCopyable>(_ count: Int, of type: T.Type) {
    self.init(count * MemoryLayout<T>.stride)
  }

  deinit { memory?.deallocate() }

  /// The memory seen as elements of type `T`.
  func pointer<T: BitwiseCopyable>(_ type: T.Type) -> UnsafeMutablePointer<T> {
    base.assumingMemoryBound(to: type)
  }
}

/// Returns `value` rounded up to a multiple of `unit`.
@inline(__always) func roundedUp(_ value: Int, to unit: Int) -> Int {
  (value + unit - 1) / unit * unit
}
