#if !hasFeature(Embedded)
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Temporary files beside those that `AtomicFile` writes, and what is left of them.
///
/// `<path>.<process>.tmp` belongs to the process of that number for as long as it lives and holds a lock on
/// it: numbers are used again, and processes of another container do not show.
enum StaleFiles {
  private static let suffix = ".tmp"

  /// The temporary file of this process for `path`.
  static func name(beside path: String) -> String { "\(path).\(getpid())\(suffix)" }

  /// Shows others that the file that is open as `descriptor` is being written.
  ///
  /// Where the file system has no locks, the number of the process alone tells.
  static func hold(_ descriptor: Int32) { flock(descriptor, LOCK_EX | LOCK_NB) }

  /// Removes what processes that have ended left beside `path`.
  static func remove(beside path: String) {
    let folder = AtomicFile.folder(of: path)
    guard let list = opendir(folder) else { return }
    defer { closedir(list) }
    let start = path.split(separator: "/", omittingEmptySubsequences: true).last.map { "\($0)." }
    guard let start else { return }
    while let entry = readdir(list) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard name.hasPrefix(start), name.hasSuffix(suffix),
        let process = Int32(name.dropFirst(start.utf8.count).dropLast(suffix.utf8.count)),
        process > 0, kill(process, 0) != 0, errno == ESRCH
      else { continue }
      removeUnlessHeld("\(folder)/\(name)")
    }
  }

  private static func removeUnlessHeld(_ path: String) {
    let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else { return }
    unlink(path)
  }
}
#endif
