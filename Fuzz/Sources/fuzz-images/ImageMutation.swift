import CZlib

@testable import ModelFormat

/// Changes of a JPEG or PNG that keep its form: segments and chunks, with lengths and checksums as they
/// must be.
enum ImageMutation {
  /// The image `bytes` with some of it changed, or nil where it is none.
  static func mutated(_ bytes: [UInt8], _ mutation: inout Mutation) -> [UInt8]? {
    bytes.first == 0x89 ? png(bytes, &mutation) : jpeg(bytes, &mutation)
  }

  // MARK: PNG

  private static func png(_ bytes: [UInt8], _ mutation: inout Mutation) -> [UInt8]? {
    var chunks: [(kind: [UInt8], data: [UInt8])] = []
    var place = 8
    while place + 12 <= bytes.count {
      let size = bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
      guard size <= bytes.count - place - 12 else { break }
      chunks.append(
        (
          [UInt8](bytes[(place + 4)..<(place + 8)]),
          [UInt8](bytes[(place + 8)..<(place + 8 + size)])
        ))
      place += 12 + size
    }
    guard !chunks.isEmpty else { return nil }
    for _ in 0...mutation.below(2) {
      guard !chunks.isEmpty, mutation.below(6) != 0 else {
        mutation.rearrange(&chunks)
        continue
      }
      let index = mutation.below(chunks.count)
      switch chunks[index].kind {
      case [UInt8]("IHDR".utf8) where mutation.below(4) != 0: header(&chunks[index].data, &mutation)
      case [UInt8]("IDAT".utf8) where mutation.below(4) != 0:
        guard let rows = inflated(chunks[index].data) else { continue }
        chunks[index].data = deflated(mutation.changed(rows)) ?? chunks[index].data
      default: chunks[index].data = mutation.changed(chunks[index].data)
      }
    }
    return chunks.reduce(into: [UInt8](bytes[..<8])) { file, chunk in
      file += big(UInt32(chunk.data.count)) + chunk.kind + chunk.data
      file += big(CRC32.checksum(chunk.kind + chunk.data))
    }
  }

  /// Width, height, depth, color, interlacing.
  private static func header(_ data: inout [UInt8], _ mutation: inout Mutation) {
    guard data.count == 13 else { return }
    switch mutation.below(5) {
    case 0: data[3] = UInt8(mutation.below(65))
    case 1: data[7] = UInt8(mutation.below(65))
    case 2: data[8] = [1, 2, 4, 8, 16, 3][mutation.below(6)]
    case 3: data[9] = UInt8(mutation.below(8))
    default: data[12] ^= 1
    }
  }

  private static func inflated(_ data: [UInt8]) -> [UInt8]? {
    var size = UInt(1 << 18)
    var output = [UInt8](repeating: 0, count: Int(size))
    guard uncompress(&output, &size, data, UInt(data.count)) == Z_OK else { return nil }
    return [UInt8](output[..<Int(size)])
  }

  private static func deflated(_ data: [UInt8]) -> [UInt8]? {
    var size = compressBound(UInt(data.count))
    var output = [UInt8](repeating: 0, count: Int(size))
    guard compress2(&output, &size, data, UInt(data.count), 9) == Z_OK else { return nil }
    return [UInt8](output[..<Int(size)])
  }

  private static func big(_ number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
  }

  // MARK: JPEG

  /// A marker with what belongs to it: its length and contents, and the coded pixels behind a scan.
  private static func jpeg(_ bytes: [UInt8], _ mutation: inout Mutation) -> [UInt8]? {
    var segments: [(marker: UInt8, data: [UInt8], coded: [UInt8])] = []
    var place = 2
    while place + 4 <= bytes.count, bytes[place] == 0xFF {
      let marker = bytes[place + 1]
      guard marker != 0xD9 else { break }
      let size = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
      guard size >= 2, size <= bytes.count - place - 2 else { break }
      var end = place + 2 + size
      let start = end
      if marker == 0xDA {
        // Coded pixels go up to the next marker that is no restart.
        while end + 1 < bytes.count,
          bytes[end] != 0xFF || bytes[end + 1] == 0 || (0xD0...0xD7).contains(bytes[end + 1])
        {
          end += 1
        }
      }
      segments.append(
        (marker, [UInt8](bytes[(place + 4)..<start]), [UInt8](bytes[start..<end])))
      place = end
    }
    guard !segments.isEmpty else { return nil }
    for _ in 0...mutation.below(2) {
      guard !segments.isEmpty, mutation.below(6) != 0 else {
        mutation.rearrange(&segments)
        continue
      }
      let index = mutation.below(segments.count)
      switch mutation.below(10) {
      case 0: segments[index].marker = 0xC0 + UInt8(mutation.below(0x30))
      case 1, 2, 3: segments[index].coded = mutation.changed(segments[index].coded)
      case 4,
        5 where (0xC0...0xC2).contains(segments[index].marker):
        // Depth, height, width, components and their sampling.
        let data = segments[index].data
        guard data.count > 8 else { continue }
        let at = [0, 2, 4, 5, 7, 7, 8][mutation.below(7)]
        segments[index].data[at] = UInt8(mutation.below(68))
      default: segments[index].data = mutation.changed(segments[index].data)
      }
    }
    return segments.reduce(into: [UInt8](bytes[..<2])) { file, segment in
      let size = segment.data.count + 2
      file += [0xFF, segment.marker, UInt8(truncatingIfNeeded: size >> 8)]
      file += [UInt8(truncatingIfNeeded: size)] + segment.data + segment.coded
    } + [0xFF, 0xD9]
  }
}
