/// The header and the section table of a file, verified.
struct Directory {
  struct Section {
    let kind: UInt32
    let offset: Int
    let size: Int
    /// Where the entry lies.
    let entry: Int
  }

  let minor: UInt16
  let major: UInt16
  let release: UInt64
  /// Whether shapes may be open and nodes may have bodies.
  let dependsOnData: Bool
  let counts: (values: Int, tensors: Int, nodes: Int, inputs: Int, outputs: Int)
  let digest: [UInt8]
  /// Header and section table.
  let signedBytes: [UInt8]
  let signature: ModelSignature?
  let regions: [ModelFile.Region]
  /// Ancillary sections that this version does not know.
  let unknown: [Section]
  private let known: [Section]

  /// Verifies everything up to the sections' digests.
  ///
  /// - Parameters:
  ///   - file: the file, or everything before its data.
  ///   - byteCount: the size of the file.
  init(_ file: RawSpan, byteCount: Int) throws(ModelError) {
    guard file.byteCount >= V1.headerSize else {
      if file.byteCount >= V1.magic.count, !Self.matches(file, V1.magic) {
        throw ModelError(.magic, at: 0)
      }
      throw ModelError(.headerLength, at: file.byteCount, "", "\(file.byteCount) bytes")
    }
    guard Self.matches(file, V1.magic) else { throw ModelError(.magic, at: 0) }
    func u16(_ at: Int) -> UInt16 {
      UInt16(littleEndian: unsafe file.unsafeLoadUnaligned(fromByteOffset: at, as: UInt16.self))
    }
    func u32(_ at: Int) -> UInt32 {
      UInt32(littleEndian: unsafe file.unsafeLoadUnaligned(fromByteOffset: at, as: UInt32.self))
    }
    func u64(_ at: Int) -> UInt64 {
      UInt64(littleEndian: unsafe file.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self))
    }
    let header = Self.copy(file, 0..<V1.headerSize)
    guard CRC32.checksum(header[..<V1.Header.checksum]) == u32(V1.Header.checksum) else {
      throw ModelError(.headerChecksum, at: V1.Header.checksum)
    }
    guard u32(V1.Header.byteOrder) == V1.byteOrderMark else {
      throw ModelError(.byteOrder, at: V1.Header.byteOrder)
    }
    major = u16(V1.Header.major)
    minor = u16(V1.Header.minor)
    guard major == V1.major else {
      throw ModelError(.majorVersion, at: V1.Header.major, "", "version \(major), known is 1")
    }
    dependsOnData = u64(V1.Header.incompatible) & V1.Feature.dependsOnData != 0
    guard u64(V1.Header.incompatible) & ~V1.Feature.all == 0 else {
      throw ModelError(
        .incompatibleFeature, at: V1.Header.incompatible, "",
        "feature bits \(String(u64(V1.Header.incompatible), radix: 16))")
    }
    for at in V1.Header.reserved where header[at] != 0 {
      throw ModelError(.headerReserved, at: at)
    }
    guard u64(V1.Header.fileSize) == UInt64(byteCount) else {
      throw ModelError(
        .fileSize, at: V1.Header.fileSize, "",
        "\(u64(V1.Header.fileSize)) bytes stated, \(byteCount) found")
    }
    release = u64(V1.Header.release)
    let sectionCount = Int(u32(V1.Header.sections))
    let tableEnd = V1.headerSize + sectionCount * V1.sectionEntrySize
    guard sectionCount >= V1.Section.allCases.count, sectionCount <= V1.maximumSections,
      tableEnd <= file.byteCount
    else { throw ModelError(.sectionCount, at: V1.Header.sections, "", "\(sectionCount)") }
    let table = Self.copy(file, V1.headerSize..<tableEnd)
    guard
      SHA256.digest(table).elementsEqual(
        header[V1.Header.tableDigest..<(V1.Header.tableDigest + V1.digestSize)])
    else { throw ModelError(.sectionTableDigest, at: V1.headerSize) }

    var known: [Section] = []
    var unknown: [Section] = []
    var signature: ModelSignature?
    var regions = [
      ModelFile.Region(name: "header", offset: 0, size: V1.headerSize),
      .init(name: "section table", offset: V1.headerSize, size: tableEnd - V1.headerSize),
    ]
    var end = tableEnd
    for index in 0..<sectionCount {
      let entry = V1.headerSize + index * V1.sectionEntrySize
      let kind = u32(entry)
      let match = V1.Section.allCases.first { $0.kind == kind }
      let number = kind & ~V1.Section.criticalBit
      let isSignature = kind == V1.Signature.kind
      let name =
        match?.name ?? (number == V1.Signature.kind ? "signature" : "section \(number)")
      let isMiswritten = V1.Section(rawValue: number) != nil || number == V1.Signature.kind
      if match == nil, !isSignature, kind & V1.Section.criticalBit != 0 || isMiswritten {
        throw ModelError(.sectionUnknown, at: entry, name)
      }
      guard u32(entry + 4) == 0, u64(entry + 56) == 0 else {
        throw ModelError(.sectionTableReserved, at: entry, name)
      }
      guard let offset = Int(exactly: u64(entry + 8)), let size = Int(exactly: u64(entry + 16)),
        offset == V1.align(end), offset <= byteCount, size <= byteCount - offset
      else { throw ModelError(.sectionPlace, at: entry + 8, name) }
      // Nothing but the data may lie behind what there is of the file.
      guard offset <= file.byteCount, match == .data || size <= file.byteCount - offset else {
        throw ModelError(.sectionOrder, at: entry, name, "lies behind the data")
      }
      try Self.requireZeros(file, end..<offset)
      if offset > end { regions.append(.init(name: "padding", offset: end, size: offset - end)) }
      regions.append(.init(name: name, offset: offset, size: size))
      let digest = Array(table[(entry - V1.headerSize + 24)..<(entry - V1.headerSize + 56)])
      if match == .data || isSignature {
        // The data is reached tensor by tensor, so that a damaged tensor can be named; a signature is
        // made of this table.
        guard digest.allSatisfy({ $0 == 0 }) else {
          throw ModelError(.sectionTableReserved, at: entry + 24, name)
        }
      } else {
        guard SHA256.digest(Self.copy(file, offset..<(offset + size))) == digest else {
          throw ModelError(.sectionDigest, at: offset, name)
        }
      }
      let section = Section(kind: kind, offset: offset, size: size, entry: entry)
      if match != nil {
        if let last = known.last?.kind,
          last & ~V1.Section.criticalBit >= kind & ~V1.Section.criticalBit
        {
          throw ModelError(.sectionOrder, at: entry, name)
        }
        known.append(section)
      } else if isSignature {
        guard index == 0 else {
          throw ModelError(.sectionOrder, at: entry, name, "must be the first section")
        }
        signature = try Self.signature(file, offset, size)
      } else {
        unknown.append(section)
      }
      end = offset + size
    }
    guard end == byteCount else {
      throw ModelError(
        .sectionPlace, at: end, "end of file", "\(byteCount - end) bytes follow")
    }
    guard known.count == V1.Section.allCases.count else {
      throw ModelError(.sectionMissing, at: V1.headerSize)
    }
    guard known[5].entry == V1.headerSize + (sectionCount - 1) * V1.sectionEntrySize else {
      throw ModelError(.sectionOrder, at: known[5].entry, "data", "must be the last section")
    }
    guard known[4].size <= Limits.metadataBytes else {
      throw ModelError(.entryCount, at: known[4].entry, "metadata")
    }
    func count(_ at: Int) throws(ModelError) -> Int {
      let count = Int(u32(at))
      guard count <= Limits.entries else {
        throw ModelError(.entryCount, at: at, "", "\(count) entries")
      }
      return count
    }
    counts = (
      try count(V1.Header.values), try count(V1.Header.tensors), try count(V1.Header.nodes),
      try count(V1.Header.inputs), try count(V1.Header.outputs)
    )
    self.known = known
    self.unknown = unknown
    self.regions = regions
    self.signature = signature
    signedBytes = header + table
    digest = SHA256.digest(signedBytes)
  }

  /// The most bytes of header and section table.
  static let mostTableBytes = V1.headerSize + V1.maximumSections * V1.sectionEntrySize

  /// How many bytes lie before the data of a file that begins with `start`, which has the whole table; of a
  /// file that has none, those that it takes to tell.
  static func headSize(_ start: UnsafeRawBufferPointer, byteCount: Int) -> Int {
    guard start.count >= V1.headerSize else { return start.count }
    let sections = UInt32(
      littleEndian: start.loadUnaligned(fromByteOffset: V1.Header.sections, as: UInt32.self))
    let entry = V1.headerSize + (Int(sections) - 1) * V1.sectionEntrySize
    guard sections > 0, entry + V1.sectionEntrySize <= start.count else { return start.count }
    let data = UInt64(littleEndian: start.loadUnaligned(fromByteOffset: entry + 8, as: UInt64.self))
    return max(entry + V1.sectionEntrySize, Int(min(data, UInt64(byteCount))))
  }

  /// A known section; all of them are there.
  subscript(_ section: V1.Section) -> Section { known[Int(section.rawValue) - 1] }

  /// The bytes of a known section.
  func span(_ section: V1.Section, in file: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let place = self[section]
    return UnsafeRawBufferPointer(rebasing: file[place.offset..<(place.offset + place.size)])
  }

  /// The signature whose section lies at `offset`.
  private static func signature(
    _ file: RawSpan, _ offset: Int, _ size: Int
  ) throws(ModelError) -> ModelSignature {
    let bytes = copy(file, offset..<(offset + size))
    guard size == V1.Signature.size else {
      throw ModelError(.signature, at: offset, "", "\(size) bytes, \(V1.Signature.size) are needed")
    }
    let algorithm = bytes[..<4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    guard algorithm == V1.Signature.algorithm, bytes[4..<8].allSatisfy({ $0 == 0 }) else {
      throw ModelError(.signature, at: offset, "", "algorithm \(algorithm), known is 1 (Ed25519)")
    }
    return ModelSignature(
      keyID: Array(bytes[V1.Signature.keyID]), bytes: Array(bytes[V1.Signature.bytes]))
  }

  /// Refuses bytes `range` of `file` unless they are zero.
  static func requireZeros(_ file: RawSpan, _ range: Range<Int>) throws(ModelError) {
    for offset in range
    where unsafe file.unsafeLoad(fromByteOffset: offset, as: UInt8.self) != 0 {
      throw ModelError(.padding, at: offset)
    }
  }

  private static func copy(_ file: RawSpan, _ range: Range<Int>) -> [UInt8] {
    unsafe file.extracting(range).withUnsafeBytes { [UInt8]($0) }
  }

  private static func matches(_ file: RawSpan, _ prefix: [UInt8]) -> Bool {
    prefix.indices.allSatisfy {
      unsafe file.unsafeLoad(fromByteOffset: $0, as: UInt8.self) == prefix[$0]
    }
  }
}
