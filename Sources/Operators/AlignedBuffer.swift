import Kernels
public import ModelFormat

/// A 64-byte aligned buffer with readable bytes behind its end.
public final class AlignedBuffer {
  /// The first byte.
  public let pointer: UnsafeMutableRawPointer
  /// The size in bytes, without the bytes behind the end.
  public let count: Int
  private let memory: ZeroedMemory

  /// A buffer of `count` zero bytes.
  public convenience init(_ count: Int) {
    guard let memory = ZeroedMemory(count) else { fatalError("out of memory") }
    self.init(memory, count)
  }

  /// The same, or nil where there is no such memory.
  public convenience init?(ifAvailable count: Int) {
    guard let memory = ZeroedMemory(count) else { return nil }
    self.init(memory, count)
  }

  private init(_ memory: ZeroedMemory, _ count: Int) {
    self.memory = memory
    self.count = count
    pointer = memory.base
  }

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

  deinit { memory.deallocate() }
}
