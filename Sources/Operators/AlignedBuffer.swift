public import ModelFormat

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A 64-byte aligned buffer with readable bytes behind its end.
public final class AlignedBuffer {
  /// The first byte.
  public let pointer: UnsafeMutableRawPointer
  /// The size in bytes, without the bytes behind the end.
  public let count: Int
  /// What `calloc` gave, where the buffer lies in that.
  private let block: UnsafeMutableRawPointer?

  /// A buffer of `count` zero bytes.
  public init(_ count: Int) {
    self.count = count
    block = nil
    pointer = .allocate(byteCount: count + 64, alignment: 64)
    pointer.initializeMemory(as: UInt8.self, repeating: 0, count: count + 64)
  }

  #if canImport(Glibc) || canImport(Darwin)
  /// The same, or nil where there is no such memory; takes up memory only once it is used.
  public init?(ifAvailable count: Int) {
    guard let block = calloc(count + 128, 1) else { return nil }
    self.count = count
    self.block = block
    pointer = block.alignedUp(toMultipleOf: 64)
  }
  #else
  /// The same, where memory that is missing cannot be told.
  public convenience init?(ifAvailable count: Int) { self.init(count) }
  #endif

  /// A copy of row-major `bytes` in the layout that `facts` asks for.
  public convenience init(_ bytes: Bytes, _ facts: ValueFacts) {
    self.init(bytes.count)
    bytes.withUnsafeBytes { source in
      if facts.layout == .channelsLast, facts.shape.rank == 4 {
        Permutation.toChannelsLast(source, pointer, facts.shape, facts.type.size)
      } else {
        pointer.copyMemory(
          from: source.baseAddress ?? UnsafeRawPointer(pointer), byteCount: source.count)
      }
    }
  }

  /// The elements in row-major order.
  public func rowMajor(_ facts: ValueFacts) -> [UInt8] {
    let source = UnsafeRawBufferPointer(start: pointer, count: count)
    guard facts.layout == .channelsLast, facts.shape.rank == 4 else { return [UInt8](source) }
    return [UInt8](unsafeUninitializedCapacity: count) { out, initialized in
      if let base = out.baseAddress {
        Permutation.toRowMajor(source, UnsafeMutableRawPointer(base), facts.shape, facts.type.size)
      }
      initialized = count
    }
  }

  deinit {
    #if canImport(Glibc) || canImport(Darwin)
    if let block { return free(block) }
    #endif
    pointer.deallocate()
  }
}
