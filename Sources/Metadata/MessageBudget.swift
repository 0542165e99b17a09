package import CProtobufC

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// An upper limit for the memory that libprotobuf-c takes while it unpacks a message.
package final class MessageBudget {
  /// The limit in bytes.
  package let limit: Int
  /// Bytes in use.
  private var used = 0
  /// The bytes that would have been in use beyond the limit; nil where it was kept.
  package private(set) var refused: Int?

  /// Room in front of each block for its size; keeps blocks aligned for every type.
  private static let header = 16

  /// A budget of `limit` bytes.
  package init(limit: Int) { self.limit = limit }

  /// Calls `body` with an allocator that keeps to the budget.
  package func withAllocator<R>(
    _ body: (UnsafeMutablePointer<ProtobufCAllocator>) -> R
  ) -> R {
    var allocator = ProtobufCAllocator(
      alloc: { data, size in
        data.flatMap { Unmanaged<MessageBudget>.fromOpaque($0).takeUnretainedValue().take(size) }
      },
      free: { data, pointer in
        guard let data, let pointer else { return }
        Unmanaged<MessageBudget>.fromOpaque(data).takeUnretainedValue().give(pointer)
      },
      allocator_data: Unmanaged.passUnretained(self).toOpaque())
    return withExtendedLifetime(self) { body(&allocator) }
  }

  private func take(_ size: Int) -> UnsafeMutableRawPointer? {
    guard size >= 0, size <= limit - used - Self.header, let block = malloc(size + Self.header)
    else {
      refused = used + Self.header + max(0, min(size, Int.max / 2 - used))
      return nil
    }
    used += size + Self.header
    block.storeBytes(of: size, as: Int.self)
    return block + Self.header
  }

  private func give(_ pointer: UnsafeMutableRawPointer) {
    let block = pointer - Self.header
    used -= block.load(as: Int.self) + Self.header
    free(block)
  }
}
