/// Iteration over the regular files of a tar archive in memory: ustar, GNU long names, pax.
struct TarReader {
  /// One regular file: its path and where its data lies.
  struct Member: Hashable {
    let path: String
    let range: Range<Int>
  }

  private let bytes: UnsafeRawBufferPointer
  private let name: String
  private var offset = 0
  private var longName: String?
  private var paxPath: String?
  private var paxSize: Int?

  /// A reader of `bytes`, which must outlive it; errors name `name`.
  init(_ bytes: UnsafeRawBufferPointer, name: String) {
    self.bytes = bytes
    self.name = name
  }

  /// The next regular file, or nil at the end of the archive.
  ///
  /// - Throws: `DatasetError` where a header is no header, or data lies beyond the end.
  mutating func next() throws(DatasetError) -> Member? {
    while let block = bytes.slice(offset, TarHeader.blockSize) {
      // A block of zeros ends an archive.
      guard block.contains(where: { $0 != 0 }) else { return nil }
      guard let header = TarHeader(block) else {
        throw .damaged(name: name, reason: "no tar header at byte \(offset)")
      }
      if let member = try read(header) { return member }
    }
    guard offset >= bytes.count else {
      throw .damaged(name: name, reason: "the header at byte \(offset) is cut short")
    }
    return nil
  }

  /// Handles one header and moves behind its data; returns the member where it is a file.
  private mutating func read(_ header: TarHeader) throws(DatasetError) -> Member? {
    let describesNext = header.kind == .longName || header.kind == .pax || header.kind == .skipped
    let path = describesNext ? header.name : paxPath ?? longName ?? header.name
    let size = header.kind == .other ? 0 : describesNext ? header.size : paxSize ?? header.size
    let start = offset + TarHeader.blockSize
    guard let data = bytes.slice(start, size) else {
      throw .damaged(name: name, reason: "\(path) is cut short: the archive ends within it")
    }
    let unit = TarHeader.blockSize
    // No overflow: the data lies within memory. The padding after the last member may be missing.
    offset = min(bytes.count, start + (size + unit - 1) / unit * unit)
    switch header.kind {
    case .longName: longName = data.text
    case .pax: try readPax(data)
    case .skipped: break
    case .sparse:
      throw .unsupported(
        name: "\(name): \(path)", feature: "a sparse file", remedy: "pack it without --sparse")
    case .file, .other:
      (longName, paxPath, paxSize) = (nil, nil, nil)
      if header.kind == .file, !path.hasSuffix("/") {
        return Member(path: path, range: start..<(start + size))
      }
    }
    return nil
  }

  /// Reads pax records, `<length> <key>=<value>\n` each, of which path and size matter.
  private mutating func readPax(_ data: UnsafeRawBufferPointer) throws(DatasetError) {
    let malformed = DatasetError.damaged(
      name: name, reason: "a pax record before byte \(offset) is malformed")
    var rest = data[...]
    while let first = rest.first, first != 0 {
      guard let space = rest.firstIndex(of: 0x20), space - rest.startIndex <= 10,
        let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
        length > space + 1 - rest.startIndex, length <= rest.count
      else { throw malformed }
      let record = rest[(space + 1)..<(rest.startIndex + length)]
      guard record.last == 0x0A, let equals = record.firstIndex(of: UInt8(ascii: "=")) else {
        throw malformed
      }
      let value = String(decoding: record[(equals + 1)...].dropLast(), as: UTF8.self)
      switch String(decoding: record[..<equals], as: UTF8.self) {
      case "path": paxPath = value
      case "size":
        guard let size = Int(value), size >= 0 else { throw malformed }
        paxSize = size
      default: break
      }
      rest = rest.dropFirst(length)
    }
  }
}
