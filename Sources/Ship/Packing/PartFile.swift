import ModelFormat

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The file that is being unpacked, until all of it is there.
final class PartFile {
  /// Where it lies: beside the output, named after what it becomes, so that parts of different files
  /// are never mixed up.
  let path: String
  private let output: String
  private let descriptor: Int32
  private var size = 0
  private var hash = SHA256()

  /// Opens or makes the part of `output`; one process at a time has it.
  init(_ output: String, _ header: PackedHeader) throws(ShipError) {
    self.output = output
    path = "\(output).\(header.target.digest.prefix(6).map { $0 }.hexadecimal).part"
    try ShipError.filing { () throws(FileError) in try AtomicFile.requireWritable(output) }
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw .file(.cannotWrite(path: path, code: errno)) }
    var (opened, named) = (stat(), stat())
    // Whoever held the lock until now may have given the file its name meanwhile.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &opened) == 0,
      stat(path, &named) == 0, opened.st_ino == named.st_ino
    else { throw .locked(path) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Whole chunks that an earlier run left, in bytes; what follows them is cut off.
  func kept(_ header: PackedHeader) throws(ShipError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .file(.cannotWrite(path: path, code: errno))
    }
    let found = min(Int(status.st_size), header.target.size)
    let kept =
      found == header.target.size ? found : found / PackedHeader.chunk * PackedHeader.chunk
    guard ftruncate(descriptor, off_t(kept)) == 0 else {
      throw .file(.cannotWrite(path: path, code: errno))
    }
    return kept
  }

  /// Goes past `count` bytes that are there already.
  func skip(_ count: Int) throws(ShipError) {
    var buffer = [UInt8](repeating: 0, count: count)
    let code = buffer.withUnsafeMutableBytes { systemReadAll(descriptor, $0, at: size) }
    guard code == 0 else { throw .file(.cannotOpen(path: path, code: code)) }
    buffer.withUnsafeBytes { hash.update($0) }
    size += count
  }

  /// Writes the next bytes.
  func append(_ bytes: UnsafeRawBufferPointer) throws(ShipError) {
    var done = 0
    while done < bytes.count, let base = bytes.baseAddress {
      let count = pwrite(descriptor, base + done, bytes.count - done, off_t(size + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .file(.cannotWrite(path: path, code: errno)) }
      done += count
    }
    hash.update(bytes)
    size += bytes.count
  }

  /// The digest of all bytes so far.
  var digest: [UInt8] {
    var copy = hash
    return copy.finish()
  }

  /// Removes the part.
  func discard() { unlink(path) }

  /// Removes the part unless the next run can go on from it: the packed file ended early, could not be read,
  /// or is damaged behind what was unpacked.
  func discard(after error: ShipError) {
    switch error {
    case .incomplete: break
    case .file(.cannotOpen(let other, _)) where other != path && size > 0: break
    case .packed where size > 0: break
    default: discard()
    }
  }

  /// Gives the file its name, once it is on disk.
  func finish() throws(ShipError) {
    guard fsync(descriptor) == 0, rename(path, output) == 0 else {
      throw .file(.cannotWrite(path: output, code: errno))
    }
    try ShipError.filing { () throws(FileError) in try AtomicFile.syncFolder(of: output) }
  }
}

/// The system's `read`, whose name methods here hide.
func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
  read(descriptor, buffer, count)
}

/// Fills `buffer` with the bytes of a file from `offset` on; the system's error, or 0.
///
/// A file that has fewer was cut meanwhile: an error of input.
func systemReadAll(
  _ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer, at offset: Int
) -> Int32 {
  var done = 0
  while done < buffer.count, let base = buffer.baseAddress {
    let count = pread(descriptor, base + done, buffer.count - done, off_t(offset + done))
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { return count < 0 ? errno : EIO }
    done += count
  }
  return 0
}
