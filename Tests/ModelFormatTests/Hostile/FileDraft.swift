@testable import ModelFormat

/// A `.pare` file taken apart, changed, and put together again with right digests and checksum.
///
/// What is changed before a digest is computed is covered by it, so that one rule alone is broken.
struct FileDraft {
  struct Part {
    var kind: UInt32
    var flags: UInt32 = 0
    var bytes: [UInt8]
    var reserved: UInt64 = 0
  }

  var header: [UInt8]
  var parts: [Part]
  /// Bytes behind the last section; counted by the header.
  var behind: [UInt8] = []
  /// Changes of the section table once sections are placed and digested; its digest is right.
  var table: (inout [UInt8]) -> Void = { _ in }
  /// Changes of the header once all else is right; its checksum is right.
  var last: (inout [UInt8]) -> Void = { _ in }
  /// Changes of the finished file, which nothing repairs.
  var damage: (inout [UInt8]) -> Void = { _ in }
  /// Where `data` began in the file that was taken apart.
  private let dataStart: Int

  init(_ model: Model) {
    let file = ModelWriter(model).bytes()
    header = [UInt8](file[..<V1.headerSize])
    let count = file.number(UInt32.self, at: V1.Header.sections)
    parts = []
    var start = 0
    for index in 0..<Int(count) {
      let entry = V1.headerSize + index * V1.sectionEntrySize
      start = Int(file.number(UInt64.self, at: entry + 8))
      let size = Int(file.number(UInt64.self, at: entry + 16))
      parts.append(
        Part(
          kind: file.number(UInt32.self, at: entry), bytes: [UInt8](file[start..<(start + size)])))
    }
    dataStart = start
  }

  init(_ graph: Graph, metadata: [UInt8] = []) {
    self.init(Model(graph: graph, metadata: Bytes(metadata)))
  }

  /// The bytes of a section that every file has.
  subscript(_ section: V1.Section) -> [UInt8] {
    get { parts[index(section)].bytes }
    set { parts[index(section)].bytes = newValue }
  }

  /// The number of a section in the table.
  func index(_ section: V1.Section) -> Int {
    parts.firstIndex { $0.kind == section.kind } ?? parts.count
  }

  /// Where the table's entry of a section lies.
  func entry(_ section: V1.Section) -> Int { entry(index(section)) }
  func entry(_ index: Int) -> Int { V1.headerSize + index * V1.sectionEntrySize }

  /// Where a section lies.
  func start(_ section: V1.Section) -> Int { starts[index(section)] }

  /// Where the file ends, bytes behind it not counted.
  var end: Int { starts[parts.count - 1] + parts[parts.count - 1].bytes.count }

  private var starts: [Int] {
    var end = entry(parts.count)
    return parts.map { part in
      let start = V1.align(end)
      end = start + part.bytes.count
      return start
    }
  }

  /// The file.
  func file() -> [UInt8] {
    var parts = parts
    let starts = starts
    seal(&parts, starts)
    var body: [UInt8] = []
    var table: [UInt8] = []
    let first = entry(parts.count)
    for (part, start) in zip(parts, starts) {
      body += [UInt8](repeating: 0, count: start - first - body.count) + part.bytes
      table.append(part.kind)
      table.append(part.flags)
      table.append(UInt64(start))
      table.append(UInt64(part.bytes.count))
      table +=
        part.kind == V1.Section.data.kind || part.kind == V1.Signature.kind
        ? [UInt8](repeating: 0, count: V1.digestSize) : SHA256.digest(part.bytes)
      table.append(part.reserved)
    }
    body += behind
    self.table(&table)
    var header = header
    header.store(UInt64(first + body.count), at: V1.Header.fileSize)
    header.store(UInt32(parts.count), at: V1.Header.sections)
    let digest = SHA256.digest(table)
    header.replaceSubrange(
      V1.Header.tableDigest..<(V1.Header.tableDigest + V1.digestSize), with: digest)
    last(&header)
    header.store(CRC32.checksum(header[..<V1.Header.checksum]), at: V1.Header.checksum)
    var file = header + table + body
    damage(&file)
    return file
  }

  /// Moves tensors with the section that they lie in, and writes their digests.
  private func seal(_ parts: inout [Part], _ starts: [Int]) {
    let (records, data) = (index(.tensors), index(.data))
    guard records < parts.count, data < parts.count else { return }
    for record in stride(
      from: 0, to: parts[records].bytes.count - V1.tensorRecordSize + 1, by: V1.tensorRecordSize)
    {
      func field(_ at: Int) -> Int {
        Int(clamping: parts[records].bytes.number(UInt64.self, at: record + at))
      }
      let moved = field(40) &+ starts[data] &- dataStart
      parts[records].bytes.store(UInt64(truncatingIfNeeded: moved), at: record + 40)
      let start = moved &- starts[data]
      let sizes = [field(48), field(56), field(64)]
      guard start >= 0, sizes.allSatisfy({ $0 < 1 << 43 }) else { continue }
      let values = V1.align(start + sizes[0], to: V1.streamAlignment)
      let end = V1.align(values + sizes[1], to: V1.streamAlignment) + sizes[2]
      guard end <= parts[data].bytes.count else { continue }
      let digest = SHA256.digest([UInt8](parts[data].bytes[start..<end]))
      parts[records].bytes.replaceSubrange(
        (record + 96)..<(record + 96 + V1.digestSize), with: digest)
    }
  }
}

extension [UInt8] {
  /// The little-endian number at `offset`.
  func number<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type, at offset: Int) -> T {
    T(littleEndian: withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: T.self) })
  }

  /// Writes a number at `offset`, little endian.
  mutating func store<T: FixedWidthInteger>(_ value: T, at offset: Int) {
    Swift.withUnsafeBytes(of: value.littleEndian) {
      replaceSubrange(offset..<(offset + MemoryLayout<T>.size), with: $0)
    }
  }

  /// Appends a number, little endian.
  mutating func append<T: FixedWidthInteger>(_ value: T) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
