#if !hasFeature(Embedded)
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Keeps the data of large tensors in a file without a name, so that a network may be larger than memory.
///
/// The file is mapped: its pages are the system's to keep or to write out, and it is gone with its last
/// tensor, however the process ends. What cannot be written stays in memory.
public final class SpillStore: Sendable {
  /// The store that tensors made now go to.
  @TaskLocal static var current: SpillStore?

  /// Smaller data stay in memory: a mapping takes whole pages, and there are not many mappings.
  static let smallest = 1 << 18

  private let descriptor: Int32
  private let end: Offset

  /// Where the next data go.
  private final class Offset: @unchecked Sendable {
    // A conversion makes its tensors one behind the other; nothing else knows the store.
    var value = 0
  }

  /// A store in `folder`, or nil where no file can be made there.
  public init?(folder: String) {
    var path = Array("\(folder)/.pare-XXXXXX".utf8CString)
    let opened = mkstemp(&path)
    guard opened >= 0 else { return nil }
    unlink(path)
    descriptor = opened
    end = Offset()
  }

  deinit { close(descriptor) }

  /// Runs `body`, whose tensors go to `store`; with nil they stay where they are.
  public static func with<R, E: Error>(
    _ store: SpillStore?, _ body: () throws(E) -> R
  ) throws(E) -> R {
    let result: Result<R, E> = $current.withValue(store) {
      do throws(E) { return .success(try body()) } catch { return .failure(error) }
    }
    return try result.get()
  }

  /// `bytes` as a window on the file, or nil where it cannot take them.
  fileprivate func keep(_ bytes: UnsafeRawBufferPointer) -> Bytes? {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = (end.value + page - 1) / page * page
    var rest = bytes
    var offset = start
    while let base = rest.baseAddress, !rest.isEmpty {
      let count = pwrite(descriptor, base, rest.count, off_t(offset))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return nil }
      offset += count
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    guard let file = MappedFile(descriptor, start..<offset) else { return nil }
    end.value = offset
    return Bytes(MappedFile.Shared(file))
  }
}

extension Bytes {
  /// These bytes, moved to the store in use where they are large and in memory.
  var kept: Bytes {
    guard count >= SpillStore.smallest, isInMemory, let store = SpillStore.current else {
      return self
    }
    return withUnsafeBytes { store.keep($0) } ?? self
  }
}
#endif
