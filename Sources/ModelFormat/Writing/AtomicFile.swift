#if !hasFeature(Embedded)
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Writes files so that a reader sees the old content or the new one, never a part.
public enum AtomicFile {
  /// Replaces the file at `path` with what `body` hands to its sink, once all of it is on disk.
  ///
  /// The bytes go to a file without a name where the file system offers that, so that nothing is left
  /// behind even when the process is killed; otherwise to a temporary file beside `path`. A whole file has
  /// such a name for a moment in any case, before it replaces another. What processes that were killed then
  /// have left is removed by the next write to `path`.
  ///
  /// - Parameters:
  ///   - isSecret: whether nobody but the owner may read it.
  ///   - isNew: whether there must be no file at `path`; one that is there stays.
  ///   - accept: called with a path under which the whole file can be read before it replaces the old one;
  ///     where it says no, the old one stays.
  /// - Returns: whether the file was accepted and is in its place.
  @discardableResult
  public static func write(
    to path: String, isSecret: Bool = false, isNew: Bool = false,
    accept: (String) -> Bool = { _ in true },
    _ body: ((UnsafeRawBufferPointer) throws(FileError) -> Void) throws(FileError) -> Void
  ) throws(FileError) -> Bool {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      throw .notAFile(path: path, isDirectory: true)
    }
    StaleFiles.remove(beside: path)
    let folder = Self.folder(of: path)
    let temporary = StaleFiles.name(beside: path)
    let mode: mode_t = isSecret ? 0o600 : 0o644
    var isNamed = false
    var descriptor: Int32 = -1
    #if os(Linux)
    descriptor = open(folder, O_WRONLY | O_CLOEXEC | unnamed, mode)
    #endif
    if descriptor < 0 {
      isNamed = true
      descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    }
    guard descriptor >= 0 else { throw .cannotWrite(path: path, code: errno) }
    // Bytes are on disk after `fsync`: what `close` says changes nothing.
    defer { close(descriptor) }
    StaleFiles.hold(descriptor)
    do throws(FileError) {
      try body { (bytes) throws(FileError) in try writeAll(bytes, descriptor, path) }
      guard fsync(descriptor) == 0 else { throw .cannotWrite(path: path, code: errno) }
      guard accept(isNamed ? temporary : "/proc/self/fd/\(descriptor)") else {
        if isNamed { unlink(temporary) }
        return false
      }
      if !isNamed {
        let name = isNew ? path : temporary
        if !isNew { unlink(name) }
        guard
          linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0
        else { throw .cannotWrite(path: path, code: errno) }
        isNamed = !isNew
      }
      if isNamed {
        if isNew, exists(path) { throw .cannotWrite(path: path, code: EEXIST) }
        guard rename(temporary, path) == 0 else { throw .cannotWrite(path: path, code: errno) }
        isNamed = false
      }
    } catch {
      if isNamed { unlink(temporary) }
      throw error
    }
    do throws(FileError) { try syncFolder(of: path) } catch {
      guard isNew, case .cannotSync(_, let code) = error else { throw error }
      unlink(path)
      throw .cannotWrite(path: path, code: code)
    }
    return true
  }

  /// Replaces the file at `path` with `bytes`, or makes it where `isNew`; see `write(to:isSecret:isNew:accept:_:)`.
  public static func write(
    _ bytes: [UInt8], to path: String, isSecret: Bool = false, isNew: Bool = false
  ) throws(FileError) {
    let bytes = Bytes(bytes)
    try write(to: path, isSecret: isSecret, isNew: isNew) { (sink) throws(FileError) in
      try bytes.withUnsafeBytes { (buffer) throws(FileError) in try sink(buffer) }
    }
  }

  /// Waits until the names in the folder of `path` are on disk.
  ///
  /// File systems that keep no folders on disk, or cannot say, are no fault of the file.
  public static func syncFolder(of path: String) throws(FileError) {
    let directory = open(folder(of: path), O_RDONLY | O_CLOEXEC)
    guard directory >= 0 else { return }
    defer { close(directory) }
    guard fsync(directory) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS else {
      throw .cannotSync(path: path, code: errno)
    }
  }

  /// Whether there is something at `path`.
  public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Removes the file at `path`, if there is one.
  public static func remove(_ path: String) { unlink(path) }

  /// Refuses a path that `write` could not replace, before any work is done.
  public static func requireWritable(_ path: String) throws(FileError) {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      throw .notAFile(path: path, isDirectory: true)
    }
    guard access(folder(of: path), W_OK | X_OK) == 0 else {
      throw .cannotWrite(path: path, code: errno)
    }
  }

  /// Whether both paths name one existing file, by links or otherwise.
  public static func isSameFile(_ a: String, _ b: String) -> Bool {
    var (first, second) = (stat(), stat())
    guard stat(a, &first) == 0, stat(b, &second) == 0 else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }

  #if os(Linux)
  /// `O_TMPFILE`, which Swift does not import: `__O_TMPFILE | O_DIRECTORY`.
  private static let unnamed: Int32 = 0o20_000_000 | O_DIRECTORY
  #endif

  /// The folder that the file at `path` lies in.
  package static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func writeAll(
    _ bytes: UnsafeRawBufferPointer, _ descriptor: Int32, _ path: String
  ) throws(FileError) {
    var rest = bytes
    while !rest.isEmpty {
      #if canImport(Glibc)
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      #else
      let count = Darwin.write(descriptor, rest.baseAddress, rest.count)
      #endif
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .cannotWrite(path: path, code: errno) }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }
}
#endif
