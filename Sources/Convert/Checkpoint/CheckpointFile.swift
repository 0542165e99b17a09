import ModelFormat

/// What a conversion has got so far, as a file: named blocks of bytes, each with its digest.
///
/// All numbers are little-endian. The file begins with `PARECKPT`, a version, the number of sections, the
/// bytes of the whole file, the digest of the conversion that it is of, and the digest of all these and of the
/// table behind them: 96 bytes. The table has 104 bytes for each section: its name (UTF-8, up to 64 bytes, the rest
/// zeros), its length, its SHA-256. The sections follow in that order without gaps, and the last one ends the
/// file. docs/Checkpoints.md says what they hold.
struct CheckpointFile {
  /// A block of bytes under a name.
  struct Section {
    let name: String
    let bytes: [UInt8]
    let digest: [UInt8]

    init(_ name: String, _ bytes: [UInt8]) {
      self.name = name
      self.bytes = bytes
      digest = SHA256.digest(bytes)
    }
  }

  /// The digest of the conversion.
  let identity: [UInt8]
  /// In the order in which they were made.
  let sections: [Section]

  static let magic = [UInt8]("PARECKPT".utf8)
  static let version = 1
  static let digestSize = 32
  static let nameSize = 64
  static let headerSize = 8 + 4 + 4 + 8 + 2 * digestSize + 8
  static let recordSize = nameSize + 8 + digestSize

  init(identity: [UInt8], _ sections: [Section]) {
    self.identity = identity
    self.sections = sections
  }

  /// Bytes before the first section.
  private var head: [UInt8] {
    var table: [UInt8] = []
    for section in sections {
      let name = [UInt8](section.name.utf8.prefix(Self.nameSize))
      table += name + [UInt8](repeating: 0, count: Self.nameSize - name.count)
      table += Self.bytes(UInt64(section.bytes.count)) + section.digest
    }
    let size =
      Self.headerSize + table.count + sections.reduce(0) { $0 + $1.bytes.count }
    var header = Self.magic
    header += Self.bytes(UInt64(Self.version) | UInt64(sections.count) << 32)
    header += Self.bytes(UInt64(size)) + Self.bytes(0) + identity
    return header + SHA256.digest(header + table) + table
  }

  /// The whole file.
  var encoded: [UInt8] { sections.reduce(into: head) { $0 += $1.bytes } }

  /// Writes the file, so that there is the old one or this one at any time.
  func write(to path: String) throws(FileError) {
    try AtomicFile.write(to: path) { (sink) throws(FileError) in
      for bytes in [head] + sections.map(\.bytes) {
        let block = Bytes(bytes)
        try block.withUnsafeBytes { (raw) throws(FileError) in try sink(raw) }
      }
    }
  }

  private static func bytes(_ number: UInt64) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { [UInt8]($0) }
  }
}

/// Why a file is no checkpoint to go on from.
enum CheckpointError: Error, Hashable, CustomStringConvertible {
  case file(FileError)
  /// It does not begin as one.
  case foreign
  case version(Int)
  /// It is damaged, and where.
  case damaged(String)

  /// The reason in words.
  var description: String {
    switch self {
    case .file(let error): error.description
    case .foreign: "is no checkpoint"
    case .version(let version):
      "is a checkpoint of version \(version), which another version of this tool has written"
    case .damaged(let what): "is damaged (\(what))"
    }
  }
}

extension CheckpointFile {
  /// The file at `path`, each byte of it verified; nil where there is none.
  static func read(_ path: String) throws(CheckpointError) -> CheckpointFile? {
    let file: Bytes
    do throws(FileError) { file = Bytes(MappedFile.Shared(try MappedFile(path: path))) } catch {
      if case .cannotOpen(_, let code) = error, code == 2 { return nil }
      throw .file(error)
    }
    return try CheckpointFile(file)
  }

  /// The checkpoint that `file` holds: no length is believed before there are so many bytes.
  init(_ file: Bytes) throws(CheckpointError) {
    let count = file.count
    func bytes(_ range: Range<Int>) -> [UInt8] {
      file.withUnsafeBytes { [UInt8](UnsafeRawBufferPointer(rebasing: $0[range])) }
    }
    func number(_ place: Int) -> UInt64 {
      file.withUnsafeBytes {
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      }
    }
    guard count >= Self.magic.count, bytes(0..<8) == Self.magic else { throw .foreign }
    guard count >= Self.headerSize else { throw .damaged("cut in its header") }
    let version = Int(number(8) & 0xFFFF_FFFF)
    guard version == Self.version else { throw .version(version) }
    guard number(16) == UInt64(count) else { throw .damaged("cut, or grown") }
    let sectionCount = Int(number(8) >> 32)
    guard number(24) == 0, sectionCount <= (count - Self.headerSize) / Self.recordSize else {
      throw .damaged("its header")
    }
    let signed = Self.headerSize - Self.digestSize
    var place = Self.headerSize + sectionCount * Self.recordSize
    guard
      SHA256.digest(bytes(0..<signed) + bytes(Self.headerSize..<place))
        == bytes(signed..<Self.headerSize)
    else { throw .damaged("its table") }
    identity = bytes(32..<32 + Self.digestSize)
    var sections: [Section] = []
    for index in 0..<sectionCount {
      let record = Self.headerSize + index * Self.recordSize
      let name = bytes(record..<record + Self.nameSize)
      let letters = name.prefix { $0 != 0 }
      guard let length = Int(exactly: number(record + Self.nameSize)), length <= count - place,
        name[letters.count...].allSatisfy({ $0 == 0 }),
        letters.allSatisfy({ (32..<127).contains($0) })
      else { throw .damaged("section \(index)") }
      let section = Section(String(decoding: letters, as: UTF8.self), bytes(place..<place + length))
      place += length
      guard
        section.digest
          == bytes(record + Self.nameSize + 8..<record + Self.recordSize),
        !sections.contains(where: { $0.name == section.name })
      else { throw .damaged("section '\(section.name)'") }
      sections.append(section)
    }
    guard place == count else { throw .damaged("bytes behind its end") }
    self.sections = sections
  }
}
