#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Memory that is zero, aligned to 64 bytes.
///
/// Large blocks come from the system in pages that are all there at once: taking each at its first use
/// costs several times as much. Very large ones are taken page by page, as they may never be used.
public struct ZeroedMemory: @unchecked Sendable {
  /// The first byte.
  public let base: UnsafeMutableRawPointer
  /// What was allocated, and how many bytes where the system gave whole pages.
  private let block: UnsafeMutableRawPointer
  private let mapped: Int?

  #if canImport(Glibc)
  private static let populated = (128 << 10)...(256 << 20)
  #endif

  /// `count` bytes, or nil where there is no such memory.
  public init?(_ count: Int) {
    #if canImport(Glibc)
    if Self.populated.contains(count) {
      let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE
      guard let pages = mmap(nil, count, PROT_READ | PROT_WRITE, flags, -1, 0), pages != MAP_FAILED
      else { return nil }
      (base, block, mapped) = (pages, pages, count)
      return
    }
    #endif
    mapped = nil
    #if canImport(Glibc) || canImport(Darwin)
    guard let block = calloc(count + 64, 1) else { return nil }
    self.block = block
    base = block.alignedUp(toMultipleOf: 64)
    #else
    block = .allocate(byteCount: count, alignment: 64)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: count)
    base = block
    #endif
  }

  /// Gives the memory back; the value must not be used afterwards.
  public func deallocate() {
    #if canImport(Glibc)
    if let mapped { munmap(block, mapped) } else { free(block) }
    #elseif canImport(Darwin)
    free(block)
    #else
    block.deallocate()
    #endif
  }
}
