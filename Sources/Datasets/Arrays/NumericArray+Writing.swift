import ModelFormat

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension NumericArray {
  /// The array as an `.npy` file of version 1; bfloat16, which numpy lacks, is widened to float32.
  public var npy: [UInt8] {
    guard let type = NPYHeader.description(of: type) else {
      return file(
        "<f4", [UInt8](unsafeUninitializedCapacity: bytes.count * 2, initializingWith: widen))
    }
    return file(type, bytes)
  }

  /// Writes the array to `path` as an `.npy` file: whole, or not at all.
  ///
  /// - Throws: `DatasetError.file` where it cannot be written.
  public func writeNPY(to path: String) throws(DatasetError) {
    let temporary = "\(path).\(getpid()).partial"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .file(.cannotWrite(path: path, code: errno)) }
    var code = Self.write(npy, to: descriptor)
    if close(descriptor) != 0, code == 0 { code = errno }
    if code == 0, rename(temporary, path) != 0 { code = errno }
    guard code == 0 else {
      unlink(temporary)
      throw .file(.cannotWrite(path: path, code: code))
    }
  }

  /// The header that numpy would write, padded to 64 bytes as it does, and the elements.
  private func file(_ description: String, _ elements: [UInt8]) -> [UInt8] {
    let extents = shape.dimensions.map { "\($0)," }.joined(separator: " ")
    // One extent keeps its comma: (3,) is a tuple, (3) is none.
    let tuple = shape.rank > 1 ? String(extents.dropLast()) : extents
    var header = "{'descr': '\(description)', 'fortran_order': False, 'shape': (\(tuple)), }"
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    let length = UInt16(truncatingIfNeeded: header.utf8.count)
    let start = NPYHeader.magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
    return start + Array(header.utf8) + elements
  }

  /// Puts two zero bytes below each bfloat16: its bits are the upper half of a float32.
  private func widen(_ buffer: inout UnsafeMutableBufferPointer<UInt8>, _ count: inout Int) {
    for index in 0..<(bytes.count / 2) {
      buffer[4 * index] = 0
      buffer[4 * index + 1] = 0
      buffer[4 * index + 2] = bytes[2 * index]
      buffer[4 * index + 3] = bytes[2 * index + 1]
    }
    count = bytes.count * 2
  }

  /// Writes all bytes; returns 0, or the code of the error.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let chunk = UnsafeRawBufferPointer(rebasing: rest)
        #if canImport(Glibc)
        let written = Glibc.write(descriptor, chunk.baseAddress, chunk.count)
        #else
        let written = Darwin.write(descriptor, chunk.baseAddress, chunk.count)
        #endif
        if written < 0 {
          if errno == EINTR { continue }
          return errno
        }
        rest = rest.dropFirst(written)
      }
      return 0
    }
  }
}
