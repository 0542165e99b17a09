#if !hasFeature(Embedded)
internal import CMappings
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A file mapped read-only into memory; unmapped when its owner goes.
///
/// The file must be replaced by renaming, never changed in place, while it is mapped. Where it is cut all
/// the same, or its disk fails, the process ends by SIGBUS, unless `guardAgainstLoss` was called: then
/// what is lost reads as zeros, and `isLost` says so.
public struct MappedFile: ~Copyable {
  private let base: UnsafeRawPointer
  /// What the handler of lost pages knows of the mapping.
  private let mapping: OpaquePointer?
  /// The bytes that are mapped: all that the file had, or its first ones.
  public let count: Int
  /// The size of the file when it was mapped, in bytes.
  package let fileByteCount: Int

  /// Maps the regular file at `path`.
  ///
  /// - Throws: `FileError` where the file cannot be opened, is no regular file, or is empty.
  public init(path: String) throws(FileError) { try self.init(path: path, first: .max) }

  /// Maps the first bytes, at most `first`, of the regular file at `path`.
  package init(path: String, first: Int) throws(FileError) {
    // Opening a pipe would wait for somebody to write; a pipe is no regular file in any case.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .cannotOpen(path: path, code: errno) }
    defer { close(descriptor) }
    try self.init(descriptor: descriptor, path: path, first: first)
  }

  /// Maps the regular file that is open as `descriptor`, which stays open; `path` is for errors.
  ///
  /// - Throws: `FileError` where the file is no regular file, or is empty.
  public init(descriptor: Int32, path: String) throws(FileError) {
    try self.init(descriptor: descriptor, path: path, first: .max)
  }

  private init(descriptor: Int32, path: String, first: Int) throws(FileError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .cannotOpen(path: path, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .notAFile(path: path, isDirectory: status.st_mode & S_IFMT == S_IFDIR)
    }
    guard status.st_size > 0 else { throw .empty(path: path) }
    let size = min(Int(status.st_size), first)
    // Not all pages at once (MAP_POPULATE): at their first use they come sixteen at a time, for less.
    guard let pointer = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
      pointer != MAP_FAILED
    else { throw .cannotOpen(path: path, code: errno) }
    base = UnsafeRawPointer(pointer)
    count = size
    fileByteCount = Int(status.st_size)
    mapping = pare_mapping_add(pointer, size)
  }

  /// Maps the bytes `range` of an open file, whose start is a multiple of the page size; nil on failure.
  init?(_ descriptor: Int32, _ range: Range<Int>) {
    guard
      let pointer = mmap(
        nil, range.count, PROT_READ, MAP_SHARED, descriptor, off_t(range.lowerBound)),
      pointer != MAP_FAILED
    else { return nil }
    base = UnsafeRawPointer(pointer)
    count = range.count
    fileByteCount = range.upperBound
    // A file without a name: nobody else can cut it.
    mapping = nil
  }

  deinit {
    pare_mapping_remove(mapping)
    munmap(UnsafeMutableRawPointer(mutating: base), count)
  }

  /// Lets files that are cut while they are mapped, or whose disk fails, read as zeros from there on,
  /// instead of ending the process.
  ///
  /// It installs a handler of SIGBUS for the whole process, so that it is the application's to call;
  /// signals that concern no mapped file go to the handler before it. Whoever reads a file that was
  /// opened by this module learns of a loss: `ModelReader` and `Interpreter.run` throw.
  public static func guardAgainstLoss() { _ = pare_mapping_guard() }

  /// How many times something of a mapped file was lost since the process began.
  public static var losses: UInt64 { pare_mapping_losses() }

  /// Whether a part of the file was lost: it was cut, or could not be read, and reads as zeros.
  public var isLost: Bool { pare_mapping_is_lost(mapping) != 0 }

  /// The bytes, for as long as the mapping is borrowed.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let span = RawSpan(_unsafeStart: base, byteCount: count)
      return _overrideLifetime(span, borrowing: self)
    }
  }

  fileprivate var buffer: UnsafeRawBufferPointer { .init(start: base, count: count) }

  /// Shared ownership of a mapping, so that tensors may point into it.
  public final class Shared: @unchecked Sendable {
    // Immutable after initialization: sharing it between threads is safe.
    private let file: MappedFile

    /// Takes over a mapping.
    public init(_ file: consuming MappedFile) { self.file = file }

    /// The size in bytes.
    public var count: Int { file.count }

    /// The size of the file, in bytes.
    package var fileByteCount: Int { file.fileByteCount }

    /// Whether a part of the file was lost: it was cut, or could not be read, and reads as zeros.
    public var isLost: Bool { file.isLost }

    /// Takes the pages that lie wholly within `range` out of the process's memory, until they are read
    /// again; few pages stay, as not worth a call.
    func releasePages(_ range: Range<Int>) {
      let page = Int(sysconf(Int32(_SC_PAGESIZE)))
      let first = (range.lowerBound + page - 1) / page * page
      let last = range.upperBound / page * page
      guard last - first >= 8 * page, let base = buffer.baseAddress else { return }
      madvise(UnsafeMutableRawPointer(mutating: base + first), last - first, MADV_DONTNEED)
    }

    /// The mapped bytes, valid for as long as this object lives.
    package var buffer: UnsafeRawBufferPointer { file.buffer }
  }
}

/// Why a file could not be read or written.
public enum FileError: Error, Hashable {
  case cannotOpen(path: String, code: Int32)
  case notAFile(path: String, isDirectory: Bool)
  case empty(path: String)
  case lost(path: String)
  case cannotWrite(path: String, code: Int32)
  case cannotSync(path: String, code: Int32)
}

extension FileError: CustomStringConvertible {
  /// One line: the path, what is wrong, and the way out where there is one.
  public var description: String {
    switch self {
    case .cannotOpen(let path, let code):
      "\(path): cannot be read: \(String(cString: strerror(code)))"
    case .notAFile(let path, true): "\(path): is a directory; a file is needed"
    case .notAFile(let path, false): "\(path): is not a regular file"
    case .empty(let path): "\(path): is empty (0 bytes)"
    case .lost(let path):
      "\(path): was cut, or could not be read, while it was in use; replace files by renaming"
    case .cannotWrite(let path, let code):
      "\(path): cannot be written: \(String(cString: strerror(code))); nothing was left behind"
    case .cannotSync(let path, let code):
      "\(path): is written, but may be lost with the power: the folder cannot be put on disk: "
        + String(cString: strerror(code))
    }
  }
}
#endif
