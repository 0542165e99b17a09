@testable import ModelFormat

/// The sections of a `.pare` file, taken apart without checks, and put together with right digests.
struct Sections {
  private var header: [UInt8]
  private var parts: [(kind: UInt32, bytes: [UInt8])] = []

  /// The sections of `file`, or nil where not even the table can be read.
  init?(_ file: [UInt8]) {
    guard file.count >= V1.headerSize else { return nil }
    header = [UInt8](file[..<V1.headerSize])
    let count = Int(Self.number(file, V1.Header.sections, 4))
    guard count <= V1.maximumSections,
      V1.headerSize + count * V1.sectionEntrySize <= file.count
    else { return nil }
    for index in 0..<count {
      let entry = V1.headerSize + index * V1.sectionEntrySize
      let offset = Self.number(file, entry + 8, 8)
      let size = Self.number(file, entry + 16, 8)
      guard offset <= UInt64(file.count), size <= UInt64(file.count) - offset else { return nil }
      parts.append(
        (
          UInt32(Self.number(file, entry, 4)),
          [UInt8](file[Int(offset)..<(Int(offset) + Int(size))])
        ))
    }
  }

  /// The file with some bytes of one section, or of the header's counts, changed.
  func mutated(
    _ random: inout Random,
    _ mutate: (UnsafeMutablePointer<UInt8>, Int, Int) -> Int
  ) -> [UInt8] {
    var copy = self
    if parts.isEmpty || random.below(16) == 0 {
      let at = V1.Header.major + random.below(V1.Header.tableDigest - V1.Header.major)
      copy.header[at] = UInt8(random.below(256))
      return copy.file()
    }
    let index = random.below(parts.count)
    var bytes = copy.parts[index].bytes
    let size = bytes.count
    // Sections of records keep their size most of the time.
    let room = random.below(4) == 0 ? size + 64 : max(1, size)
    bytes += [UInt8](repeating: 0, count: room - size)
    let length = bytes.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.map { mutate($0, size, room) } ?? 0
    }
    var result = [UInt8](bytes[..<min(length, room)])
    if room <= max(1, size), result.count < size {
      result += [UInt8](repeating: 0, count: size - result.count)
    }
    copy.parts[index].bytes = result
    return copy.file()
  }

  /// The file: sections behind each other, digests and checksum as they must be.
  func file() -> [UInt8] {
    var parts = parts
    var header = header
    var table: [UInt8] = []
    var body: [UInt8] = []
    let start = V1.headerSize + parts.count * V1.sectionEntrySize
    var starts: [Int] = []
    var end = start
    for part in parts {
      starts.append(V1.align(end))
      end = V1.align(end) + part.bytes.count
    }
    Self.sign(&parts, starts)
    for (index, part) in parts.enumerated() {
      body += [UInt8](repeating: 0, count: starts[index] - start - body.count) + part.bytes
      var entry = [UInt8](repeating: 0, count: V1.sectionEntrySize)
      Self.store(&entry, 0, 4, UInt64(part.kind))
      Self.store(&entry, 8, 8, UInt64(starts[index]))
      Self.store(&entry, 16, 8, UInt64(part.bytes.count))
      if part.kind != V1.Section.data.kind {
        entry.replaceSubrange(24..<56, with: SHA256.digest(part.bytes))
      }
      table += entry
    }
    Self.store(&header, V1.Header.fileSize, 8, UInt64(start + body.count))
    Self.store(&header, V1.Header.sections, 4, UInt64(parts.count))
    header.replaceSubrange(
      V1.Header.tableDigest..<(V1.Header.tableDigest + V1.digestSize), with: SHA256.digest(table))
    Self.store(
      &header, V1.Header.checksum, 4, UInt64(CRC32.checksum(header[..<V1.Header.checksum])))
    return header + table + body
  }

  /// Writes the digests of the tensors into their records.
  private static func sign(_ parts: inout [(kind: UInt32, bytes: [UInt8])], _ starts: [Int]) {
    guard let records = parts.firstIndex(where: { $0.kind == V1.Section.tensors.kind }),
      let data = parts.firstIndex(where: { $0.kind == V1.Section.data.kind })
    else { return }
    for record in stride(
      from: 0, to: parts[records].bytes.count - V1.tensorRecordSize + 1, by: V1.tensorRecordSize)
    {
      func field(_ at: Int) -> Int {
        Int(truncatingIfNeeded: number(parts[records].bytes, record + at, 8) & (1 << 40 - 1))
      }
      let start = field(40) - starts[data]
      let values = (field(48) + 15) & ~15
      let scales = (values + field(56) + 15) & ~15
      let length = scales + field(64)
      guard start >= 0, start <= parts[data].bytes.count,
        length <= parts[data].bytes.count - start
      else { continue }
      let digest = SHA256.digest([UInt8](parts[data].bytes[start..<(start + length)]))
      parts[records].bytes.replaceSubrange((record + 96)..<(record + 128), with: digest)
    }
  }

  private static func number(_ bytes: [UInt8], _ at: Int, _ size: Int) -> UInt64 {
    (0..<size).reduce(0) { $0 | UInt64(bytes[at + $1]) << UInt64(8 * $1) }
  }

  private static func store(_ bytes: inout [UInt8], _ at: Int, _ size: Int, _ value: UInt64) {
    for index in 0..<size {
      bytes[at + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
    }
  }
}
