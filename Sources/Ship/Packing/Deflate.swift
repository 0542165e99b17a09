import CZlib

/// Raw deflate (RFC 1951), by zlib.
enum Deflate {
  /// The shorter of the bytes' Huffman codes alone and of full deflate, at most `limit` bytes; nil where
  /// neither is as short.
  static func compress(_ bytes: [UInt8], limit: Int) -> [UInt8]? {
    let huffman = compress(bytes, limit, Z_HUFFMAN_ONLY)
    return compress(bytes, huffman.map { $0.count - 1 } ?? limit, Z_DEFAULT_STRATEGY) ?? huffman
  }

  private static func compress(_ bytes: [UInt8], _ limit: Int, _ strategy: Int32) -> [UInt8]? {
    guard limit > 0, !bytes.isEmpty else { return nil }
    var stream = z_stream()
    guard
      deflateInit2_(
        &stream, Z_BEST_COMPRESSION, Z_DEFLATED, -15, 9, strategy, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { deflateEnd(&stream) }
    var input = bytes
    return input.withUnsafeMutableBufferPointer { input in
      var isDone = false
      let out = [UInt8](unsafeUninitializedCapacity: limit) { out, count in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = out.baseAddress
        stream.avail_out = UInt32(limit)
        isDone = deflate(&stream, Z_FINISH) == Z_STREAM_END
        count = limit - Int(stream.avail_out)
      }
      return isDone ? out : nil
    }
  }
}

/// Takes deflated bytes apart; made once, used for each plane.
final class Inflater {
  private var stream = z_stream()
  private let isReady: Bool

  init() {
    isReady =
      inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
  }

  deinit { inflateEnd(&stream) }

  /// Fills `output` from `input`, of which every byte must be used; false where they do not fit together.
  func inflate(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Bool {
    guard isReady, inflateReset(&stream) == Z_OK, let source = input.baseAddress,
      let target = output.baseAddress
    else { return false }
    // zlib does not write to its input.
    stream.next_in = UnsafeMutablePointer(mutating: source.assumingMemoryBound(to: UInt8.self))
    stream.avail_in = UInt32(input.count)
    stream.next_out = target.assumingMemoryBound(to: UInt8.self)
    stream.avail_out = UInt32(output.count)
    let result = CZlib.inflate(&stream, Z_FINISH)
    return result == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0
  }
}
