#if canImport(Glibc) && !hasFeature(Embedded)
import Glibc
import Synchronization

/// A stretch of addresses from which blocks of memory are cut, one behind the other.
///
/// The system puts memory behind the addresses when they are first used, in pages of 2 MB where it has
/// them and a block fills them: 512 small pages cost some ten times as much. What was never used takes
/// none.
final class MemoryRegion: @unchecked Sendable {
  private let start: UnsafeMutableRawPointer
  private let size: Int
  /// Bytes that are cut off, and blocks among them that are not given back: guarded by `current`.
  private var used = 0, blocks = 0

  /// The region from which the next block is cut.
  private static let current = Mutex<MemoryRegion?>(nil)

  private static let usualSize = 64 << 20
  /// Blocks of more bytes get a region of their own.
  private static let mostShared = 16 << 20
  private static let hugePage = 2 << 20
  private static let smallPage = 4 << 10
  /// Bytes behind the last block that may be read.
  private static let slack = 64
  /// Blocks from here on are worth a call of the system when they are given back.
  private static let large = 64 << 10

  private init?(_ wanted: Int) {
    let page = Self.hugePage
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    guard
      let pages = mmap(nil, wanted + page, PROT_READ | PROT_WRITE, flags, -1, 0),
      pages != MAP_FAILED
    else { return nil }
    // What lies before the first multiple of the page is not used, and so takes no memory.
    start = pages
    size = wanted + page
    used = pages.alignedUp(toMultipleOf: page) - pages
  }

  deinit { munmap(start, size) }

  /// `count` bytes, a multiple of 64, or nil where there is no such memory.
  static func take(_ count: Int) -> (region: MemoryRegion, block: UnsafeMutableRawPointer)? {
    guard count <= mostShared else {
      guard count < 1 << 62, let region = MemoryRegion(count + slack) else { return nil }
      return region.cut(count)
    }
    return current.withLock { current in
      if let block = current?.cut(count) { return block }
      guard let region = MemoryRegion(usualSize) ?? MemoryRegion(count + slack) else { return nil }
      current = region
      return region.cut(count)
    }
  }

  private func cut(_ count: Int) -> (region: MemoryRegion, block: UnsafeMutableRawPointer)? {
    guard used + count + Self.slack <= size else { return nil }
    // A page that a block fills only in part would be taken whole: it stays in small ones.
    let first = (start + used).alignedUp(toMultipleOf: Self.hugePage)
    let end = (start + used + count).alignedDown(toMultipleOf: Self.hugePage)
    if first < end { madvise(first, end - first, Int32(MADV_HUGEPAGE)) }
    defer {
      used += count
      blocks += 1
    }
    return (self, start + used)
  }

  /// Takes back the `count` bytes at `block`.
  ///
  /// The last block is cut again from the same place; memory in the middle goes back to the system,
  /// and the addresses when nothing is left of the region.
  func giveBack(_ block: UnsafeMutableRawPointer, _ count: Int) {
    Self.current.withLock { current in
      blocks -= 1
      if blocks == 0, current === self { current = nil }
      guard blocks > 0 else { return }
      let isLast = block + count == start + used
      // Whole pages that the system takes back are zero when they are used again.
      var (first, end) = (block.alignedUp(toMultipleOf: Self.smallPage), block + count)
      end = end.alignedDown(toMultipleOf: Self.smallPage)
      if count < Self.large || madvise(first, end - first, MADV_DONTNEED) != 0 {
        (first, end) = (block + count, block + count)
      }
      guard isLast else { return }
      memset(block, 0, first - block)
      memset(end, 0, block + count - end)
      used -= count
    }
  }
}
#endif
