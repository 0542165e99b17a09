import CZlib
import ModelFormat

/// How many bytes a file would take on its way to a device, each stream compressed by itself.
///
/// Every stream is stored, Huffman-coded or deflated in chunks of 64 KiB, whichever is least; floats
/// split into planes of bytes first, since exponents compress and fractions do not.
enum WireForecast {
  private static let chunk = 1 << 16

  /// The forecast for a graph's constants, plus `overhead` bytes that are taken as they are.
  ///
  /// Values that share a tensor of `file` count it once.
  static func bytes(_ graph: Graph, _ file: ModelFile?, overhead: Int) -> Int {
    var total = max(0, overhead)
    let placed = file.map { Set($0.tensorPlaces.map(\.name)) }
    for value in graph.values {
      guard let tensor = value.constant, placed?.contains(value.name) ?? true else { continue }
      total += least(tensor.positions.array) + tensor.scaleBytes
      for plane in planes(tensor) { total += least(plane) }
    }
    return total
  }

  private static func planes(_ tensor: Tensor) -> [[UInt8]] {
    let bytes = tensor.values.array
    let size = tensor.type.size
    guard size > 1, tensor.type.isFloatingPoint else { return [bytes] }
    return (0..<size).map { plane in
      stride(from: plane, to: bytes.count, by: size).map { bytes[$0] }
    }
  }

  private static func least(_ bytes: [UInt8]) -> Int {
    guard bytes.count > 64 else { return bytes.count }
    let huffman = compressed(bytes, Z_HUFFMAN_ONLY)
    return min(bytes.count, huffman, compressed(bytes, Z_DEFAULT_STRATEGY))
  }

  private static func compressed(_ bytes: [UInt8], _ strategy: Int32) -> Int {
    var total = 0
    var out = [UInt8](repeating: 0, count: chunk * 2)
    for start in stride(from: 0, to: bytes.count, by: chunk) {
      var piece = Array(bytes[start..<min(start + chunk, bytes.count)])
      var stream = z_stream()
      guard
        deflateInit2_(
          &stream, strategy == Z_HUFFMAN_ONLY ? 1 : 9, Z_DEFLATED, -15, 9, strategy, ZLIB_VERSION,
          Int32(MemoryLayout<z_stream>.size)) == Z_OK
      else { return bytes.count }
      piece.withUnsafeMutableBufferPointer { input in
        out.withUnsafeMutableBufferPointer { output in
          stream.next_in = input.baseAddress
          stream.avail_in = UInt32(input.count)
          stream.next_out = output.baseAddress
          stream.avail_out = UInt32(output.count)
          _ = deflate(&stream, Z_FINISH)
        }
      }
      total += Int(stream.total_out)
      deflateEnd(&stream)
    }
    return total
  }
}
