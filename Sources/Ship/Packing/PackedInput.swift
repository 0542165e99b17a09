import ModelFormat

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A packed file that is read from its start to its end, from disk or a pipe.
final class PackedInput {
  let path: String
  /// Bytes read so far.
  private(set) var offset = 0
  private let descriptor: Int32

  /// Opens the file at `path`; `-` is standard input.
  init(_ path: String) throws(ShipError) {
    self.path = path == "-" ? "standard input" : path
    descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .file(.cannotOpen(path: path, code: errno)) }
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      throw .file(.notAFile(path: path, isDirectory: true))
    }
  }

  deinit { if descriptor > 0 { close(descriptor) } }

  /// The header, with which the file begins.
  func header() throws(ShipError) -> PackedHeader {
    var bytes = [UInt8](repeating: 0, count: PackedHeader.size)
    var count = 0
    let code = bytes.withUnsafeMutableBytes { fill($0, &count) }
    guard code == 0 else { throw .file(.cannotOpen(path: path, code: code)) }
    do throws(PackedError) { return try PackedHeader(Array(bytes[..<count])) } catch {
      throw .packed(path, error)
    }
  }

  /// The next `count` bytes.
  func read(_ count: Int, _ header: PackedHeader, _ part: PartFile) throws(ShipError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var code: Int32 = 0
    var found = 0
    bytes.withUnsafeMutableBytes { code = fill($0, &found) }
    try require(found == count, code, header, part)
    return bytes
  }

  /// Loads the next `count` bytes as a chunk.
  func fill(
    _ reader: ChunkReader, _ count: Int, _ header: PackedHeader, _ part: PartFile
  ) throws(ShipError) {
    var code: Int32 = 0
    var found = 0
    let isWhole = reader.load(count) {
      code = fill($0, &found)
      return found == count
    }
    try require(isWhole, code, header, part)
  }

  /// Refuses bytes behind the last chunk.
  func requireEnd(_ header: PackedHeader) throws(ShipError) {
    var byte: UInt8 = 0
    var found = 0
    let place = offset
    _ = withUnsafeMutableBytes(of: &byte) { fill($0, &found) }
    guard found == 0 else { throw .packed(path, PackedError(.trailingBytes, at: place)) }
    guard place == header.packed else {
      throw .packed(
        path, PackedError(.sizes, at: 16, "\(header.packed) bytes stated, \(place) found"))
    }
  }

  private func require(
    _ isWhole: Bool, _ code: Int32, _ header: PackedHeader, _ part: PartFile
  ) throws(ShipError) {
    guard code == 0 else { throw .file(.cannotOpen(path: path, code: code)) }
    guard isWhole else {
      throw .incomplete(path, bytes: offset, of: header.packed, kept: part.path)
    }
  }

  /// Reads until `buffer` is full or the input ends; the system's error, or 0.
  private func fill(_ buffer: UnsafeMutableRawBufferPointer, _ count: inout Int) -> Int32 {
    while count < buffer.count, let base = buffer.baseAddress {
      let read = unsafe systemRead(descriptor, base + count, buffer.count - count)
      if read < 0, errno == EINTR { continue }
      if read < 0 { return errno }
      if read == 0 { break }
      count += read
      offset += read
    }
    return 0
  }
}

/// The file that a delta was made from.
final class BaseFile {
  private let path: String
  private let descriptor: Int32

  /// Opens the file at `path`, which must have the content that `delta` was made from.
  init(
    _ path: String, _ content: PackedHeader.Content, delta: String
  ) throws(ShipError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .file(.cannotOpen(path: path, code: errno)) }
    guard try has(content) else { throw .otherBase(delta, base: path) }
  }

  /// Whether the file is `content`.
  private func has(_ content: PackedHeader.Content) throws(ShipError) -> Bool {
    var status = stat()
    guard fstat(descriptor, &status) == 0, Int(status.st_size) == content.size else { return false }
    var hash = SHA256()
    var buffer = [UInt8](repeating: 0, count: PackedHeader.chunk)
    var offset = 0
    while offset < content.size {
      let count = min(buffer.count, content.size - offset)
      var failure: ShipError?
      buffer.withUnsafeMutableBytes {
        let part = UnsafeMutableRawBufferPointer(rebasing: $0[..<count])
        do throws(ShipError) { try read(offset, into: part) } catch { failure = error }
        hash.update(UnsafeRawBufferPointer(part))
      }
      if let failure { throw failure }
      offset += count
    }
    return hash.finish() == content.digest
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Fills `buffer` with the bytes from `offset` on.
  func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ShipError) {
    let code = systemReadAll(descriptor, buffer, at: offset)
    guard code == 0 else { throw .file(.cannotOpen(path: path, code: code)) }
  }

  /// Whether the file at `path` has `content`.
  static func has(_ content: PackedHeader.Content, at path: String) throws(ShipError) -> Bool {
    do throws(ShipError) { _ = try BaseFile(path, content, delta: path) } catch {
      if case .otherBase = error { return false }
      throw error
    }
    return true
  }
}
