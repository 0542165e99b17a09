import CZlib

/// Decompression of a whole stream whose size is known beforehand, so that it is bounded.
enum Inflater {
  /// How the compressed bytes are wrapped; raw values are zlib's window bits.
  enum Wrapping: Int32 {
    /// Bare deflate, as in zip.
    case none = -15
    /// A gzip file with its checksum.
    case gzip = 31
  }

  /// The largest size that is inflated, 16 GiB.
  static let limit = 16 << 30
  /// Bytes that one compressed byte can become at most: deflate's own bound.
  private static let ratio = 1032

  /// Whether `compressed` bytes can become `size` bytes, so that memory for them may be asked for.
  static func isPlausible(size: Int, compressed: Int) -> Bool {
    size >= 0 && size <= limit && size / ratio <= compressed
  }

  /// The first bytes of a stream, at most `count` of them: what was inflated before an error.
  static func start(
    of bytes: UnsafeRawBufferPointer, wrapping: Wrapping, count: Int
  ) -> [UInt8] {
    run(bytes, wrapping, capacity: count).output
  }

  /// All of a stream that inflates to exactly `size` bytes.
  ///
  /// - Throws: `DatasetError.damaged` where it does not, or where its checksum is wrong.
  static func inflate(
    _ bytes: UnsafeRawBufferPointer, wrapping: Wrapping, size: Int, name: String
  ) throws(DatasetError) -> [UInt8] {
    guard isPlausible(size: size, compressed: bytes.count) else {
      throw .damaged(
        name: name, reason: "\(bytes.count) compressed bytes cannot hold \(size) bytes")
    }
    // One byte more than stated shows whether there is more than stated.
    let (output, status) = run(bytes, wrapping, capacity: size + 1)
    guard output.count <= size else {
      throw .damaged(name: name, reason: "it holds more than the \(size) bytes it states")
    }
    switch status {
    case Z_STREAM_END: break
    case Z_BUF_ERROR: throw .damaged(name: name, reason: "the compressed data ends too early")
    default: throw .damaged(name: name, reason: "the compressed data or its checksum is wrong")
    }
    guard output.count == size else {
      throw .damaged(
        name: name, reason: "it holds \(output.count) bytes instead of the \(size) it states")
    }
    return output
  }

  /// Inflates until the stream ends, fails, runs dry (`Z_BUF_ERROR`), or `capacity` is reached.
  private static func run(
    _ bytes: UnsafeRawBufferPointer, _ wrapping: Wrapping, capacity: Int
  ) -> (output: [UInt8], status: Int32) {
    var stream = z_stream()
    var status = inflateInit2_(
      &stream, wrapping.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { return ([], status) }
    defer { inflateEnd(&stream) }
    let source = bytes.assumingMemoryBound(to: UInt8.self)
    let output = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, produced in
      var consumed = 0
      repeat {
        // zlib counts in 32 bits.
        let input = UInt32(clamping: source.count - consumed)
        let room = UInt32(clamping: capacity - produced)
        stream.next_in = source.baseAddress.map {
          UnsafeMutablePointer(mutating: $0 + consumed)
        }
        stream.avail_in = input
        stream.next_out = buffer.baseAddress.map { $0 + produced }
        stream.avail_out = room
        status = CZlib.inflate(&stream, Z_NO_FLUSH)
        consumed += Int(input - stream.avail_in)
        produced += Int(room - stream.avail_out)
      } while status == Z_OK && produced < capacity
    }
    return (output, status)
  }
}
