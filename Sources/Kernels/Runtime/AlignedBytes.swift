#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Memory aligned to 64 bytes, zeroed, with 64 readable bytes after its end, freed with its owner; or a
/// window on memory that somebody else keeps.
final class AlignedBytes: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let count: Int
  /// What was allocated; nil for a window.
  private let block: UnsafeMutableRawPointer?

  init(_ count: Int) {
    self.count = count
    #if canImport(Glibc) || canImport(Darwin)
    // Memory from the system is zero already: it is not written, nor taken up, before it is used.
    guard let block = calloc(count + 128, 1) else { fatalError("out of memory") }
    base = block.alignedUp(toMultipleOf: 64)
    #else
    let block = UnsafeMutableRawPointer.allocate(byteCount: count + 64, alignment: 64)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: count + 64)
    base = block
    #endif
    self.block = block
  }

  /// A window on `count` bytes that are only read and outlive it.
  init(window: UnsafeRawPointer, count: Int) {
    base = UnsafeMutableRawPointer(mutating: window)
    self.count = count
    block = nil
  }

  /// Memory for `count` elements of type `T`.
  convenience init<T: BitwiseCopyable>(_ count: Int, of type: T.Type) {
    self.init(count * MemoryLayout<T>.stride)
  }

  deinit {
    guard let block else { return }
    #if canImport(Glibc) || canImport(Darwin)
    free(block)
    #else
    block.deallocate()
    #endif
  }

  /// The memory seen as elements of type `T`.
  func pointer<T: BitwiseCopyable>(_ type: T.Type) -> UnsafeMutablePointer<T> {
    base.assumingMemoryBound(to: type)
  }
}

/// Returns `value` rounded up to a multiple of `unit`.
@inline(__always) func roundedUp(_ value: Int, to unit: Int) -> Int {
  (value + unit - 1) / unit * unit
}
