import CZlib

@testable import ModelFormat

/// Changes of arrays and archives that keep their form: lengths and checksums are as they must be.
enum DatasetMutation {
  /// The file `bytes` with some of it changed, or nil where it is of no known kind.
  static func mutated(_ bytes: [UInt8], _ mutation: inout Mutation) -> [UInt8]? {
    switch bytes.prefix(4) {
    case [0x93, 0x4E, 0x55, 0x4D]: return npy(bytes, &mutation)
    case [0x50, 0x4B, 3, 4]: return zip(bytes, &mutation)
    case let start where start.starts(with: [0x1F, 0x8B]): return gzip(bytes, &mutation)
    case let start where start.starts(with: [0, 0, 8]): return idx(bytes, &mutation)
    default: return bytes.count >= 512 ? tar(bytes, &mutation) : nil
    }
  }

  /// Header text and elements.
  private static func npy(_ bytes: [UInt8], _ mutation: inout Mutation) -> [UInt8]? {
    let field = bytes.count > 6 && bytes[6] > 1 ? 4 : 2
    guard bytes.count >= 8 + field else { return nil }
    let size = bytes[8..<(8 + field)].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard size <= bytes.count - 8 - field else { return nil }
    var text = [UInt8](bytes[(8 + field)..<(8 + field + size)])
    var elements = [UInt8](bytes[(8 + field + size)...])
    switch mutation.below(4) {
    case 0: elements = mutation.changed(elements)
    case 1:
      // A type of another width, or an extent, in place of a digit.
      let digits = text.indices.filter { (48..<58).contains(text[$0]) }
      guard !digits.isEmpty else { return nil }
      let words = ["1", "2", "3", "4", "8", "0", "-1", "65536", "9223372036854775807", "1, 1"]
      let index = digits[mutation.below(digits.count)]
      text.replaceSubrange(index...index, with: [UInt8](words[mutation.below(words.count)].utf8))
    default: text = mutation.changed(text)
    }
    let length = (0..<field).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    return bytes[..<8] + length + text + elements
  }

  /// Extents and elements.
  private static func idx(_ bytes: [UInt8], _ mutation: inout Mutation) -> [UInt8]? {
    var copy = bytes
    guard copy.count > 16 else { return nil }
    switch mutation.below(4) {
    case 0: copy[3] = UInt8(mutation.below(6))
    case 1, 2: copy[4 + mutation.below(12)] = UInt8(mutation.below(5))
    default: return mutation.changed(copy)
    }
    return copy
  }

  /// What is packed, packed again.
  private static func gzip(_ bytes: [UInt8], _ mutation: inout Mutation) -> [UInt8]? {
    guard let inner = run(bytes, inflating: true, window: 31),
      let changed = idx(inner, &mutation)
    else { return nil }
    return run(changed, inflating: false, window: 31)
  }

  /// Headers, with the checksum of each, and data.
  private static func tar(_ bytes: [UInt8], _ mutation: inout Mutation) -> [UInt8]? {
    var blocks = stride(from: 0, to: bytes.count - 511, by: 512).map {
      [UInt8](bytes[$0..<($0 + 512)])
    }
    guard !blocks.isEmpty else { return nil }
    for _ in 0...mutation.below(3) {
      let headers = blocks.indices.filter { blocks[$0][257..<262].elementsEqual("ustar".utf8) }
      let index =
        headers.isEmpty || mutation.below(3) == 0
        ? mutation.below(blocks.count) : headers[mutation.below(headers.count)]
      switch mutation.below(6) {
      case 0: mutation.rearrange(&blocks)
      case 1: blocks[index][156] = [UInt8]("0LxgS52Kk\0".utf8)[mutation.below(10)]
      case 2:
        // The size, in octal digits or as a number.
        for place in 124..<136 { blocks[index][place] = 48 + UInt8(mutation.below(8)) }
        for place in 124..<(124 + mutation.below(12)) { blocks[index][place] = 48 }
        if mutation.below(4) == 0 { blocks[index][124] = 0x80 }
      default:
        let changed = mutation.changed(blocks[index], room: 1)
        blocks[index] = Array((changed + [UInt8](repeating: 0, count: 512)).prefix(512))
      }
      if blocks.isEmpty { return nil }
    }
    for index in blocks.indices where blocks[index][257..<262].elementsEqual("ustar".utf8) {
      blocks[index].replaceSubrange(148..<156, with: [UInt8](repeating: 32, count: 8))
      let sum = blocks[index].reduce(0) { $0 + Int($1) }
      let digits = String(sum, radix: 8)
      let text = String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits
      blocks[index].replaceSubrange(148..<156, with: [UInt8](text.utf8.prefix(6)) + [0, 32])
    }
    return Array(blocks.joined())
  }

  /// The members, each changed or not, with a directory that fits.
  private static func zip(_ bytes: [UInt8], _ mutation: inout Mutation) -> [UInt8]? {
    var members: [(name: [UInt8], data: [UInt8])] = []
    var place = 0
    func number(_ at: Int, _ size: Int) -> Int {
      bytes[at..<(at + size)].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    while place + 30 <= bytes.count, bytes[place..<(place + 4)].elementsEqual([0x50, 0x4B, 3, 4]) {
      let (name, extra, size) = (
        number(place + 26, 2), number(place + 28, 2), number(place + 18, 4)
      )
      let start = place + 30 + name + extra
      guard start <= bytes.count, size <= bytes.count - start else { break }
      let packed = [UInt8](bytes[start..<(start + size)])
      let data = number(place + 8, 2) == 8 ? run(packed, inflating: true, window: -15) : packed
      members.append(([UInt8](bytes[(place + 30)..<(place + 30 + name)]), data ?? packed))
      place = start + size
    }
    guard !members.isEmpty else { return nil }
    for _ in 0...mutation.below(2) {
      guard !members.isEmpty, mutation.below(6) != 0 else {
        mutation.rearrange(&members)
        continue
      }
      let index = mutation.below(members.count)
      if mutation.below(8) == 0 {
        members[index].name = mutation.changed(members[index].name)
      } else {
        members[index].data =
          npy(members[index].data, &mutation) ?? mutation.changed(members[index].data)
      }
    }
    return archive(members, &mutation)
  }

  private static func archive(
    _ members: [(name: [UInt8], data: [UInt8])], _ mutation: inout Mutation
  ) -> [UInt8] {
    var (file, directory): ([UInt8], [UInt8]) = ([], [])
    func little(_ number: Int, _ size: Int) -> [UInt8] {
      (0..<size).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
    for (name, data) in members {
      let isDeflated = mutation.below(2) == 0
      let packed = isDeflated ? run(data, inflating: false, window: -15) ?? data : data
      var stated = data.count
      if mutation.below(40) == 0 { stated = Int(truncatingIfNeeded: mutation.number()) }
      var common = little(isDeflated ? 8 : 0, 2) + little(0, 4)
      common += little(Int(CRC32.checksum(data)), 4) + little(packed.count, 4) + little(stated, 4)
      common += little(name.count, 2) + little(0, 2)
      directory += [0x50, 0x4B, 1, 2] + little(20, 2) + little(20, 2) + little(0, 2) + common
      directory += little(0, 10) + little(file.count, 4) + name
      file += [0x50, 0x4B, 3, 4] + little(20, 2) + little(0, 2) + common + name + packed
    }
    let end =
      [0x50, 0x4B, 5, 6] + little(0, 4) + little(members.count, 2) + little(members.count, 2)
    return file + directory + end + little(directory.count, 4) + little(file.count, 4) + [0, 0]
  }

  /// `bytes` inflated or deflated in zlib's format of `window`; nil where that fails or takes over 256 KiB.
  private static func run(_ bytes: [UInt8], inflating: Bool, window: Int32) -> [UInt8]? {
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    let isReady =
      inflating
      ? inflateInit2_(&stream, window, ZLIB_VERSION, size)
      : deflateInit2_(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
    guard isReady == Z_OK else { return nil }
    defer { _ = inflating ? inflateEnd(&stream) : deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: 1 << 18)
    let status = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        return inflating ? inflate(&stream, Z_FINISH) : deflate(&stream, Z_FINISH)
      }
    }
    guard status == Z_STREAM_END else { return nil }
    return [UInt8](output[..<(output.count - Int(stream.avail_out))])
  }
}
