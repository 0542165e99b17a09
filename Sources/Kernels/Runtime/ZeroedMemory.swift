#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Memory that is zero, aligned to 64 bytes, with 64 readable bytes after its end.
///
/// On Linux, blocks are cut from regions (`MemoryRegion`), since to take memory from the system page by
/// page costs as much as some layers take to run. With `-D MEMORY_CHECKED`, as fuzzers are built, each
/// block is one of the C library's, so that AddressSanitizer sees what reaches past its end.
public struct ZeroedMemory: @unchecked Sendable {
  /// The first byte.
  public let base: UnsafeMutableRawPointer
  #if canImport(Glibc) && !hasFeature(Embedded) && !MEMORY_CHECKED
  private let region: MemoryRegion
  private let size: Int
  #else
  private let block: UnsafeMutableRawPointer
  #endif

  /// `count` bytes, or nil where there is no such memory.
  public init?(_ count: Int) {
    #if canImport(Glibc) && !hasFeature(Embedded) && !MEMORY_CHECKED
    size = roundedUp(max(count, 1), to: 64)
    guard let taken = MemoryRegion.take(size) else { return nil }
    (region, base) = taken
    #elseif canImport(Glibc) || canImport(Darwin)
    guard let block = calloc(count + 128, 1) else { return nil }
    self.block = block
    base = block.alignedUp(toMultipleOf: 64)
    #else
    block = .allocate(byteCount: count + 64, alignment: 64)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: count + 64)
    base = block
    #endif
  }

  /// Gives the memory back; the value must not be used afterwards.
  public func deallocate() {
    #if canImport(Glibc) && !hasFeature(Embedded) && !MEMORY_CHECKED
    region.giveBack(base, size)
    #elseif canImport(Glibc) || canImport(Darwin)
    free(block)
    #else
    block.deallocate()
    #endif
  }
}
