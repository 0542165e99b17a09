import CZlib

/// The members of a zip archive in memory, read by its central directory.
struct ZipArchive {
  /// One member and where its bytes lie.
  struct Member: Hashable {
    let name: String
    fileprivate let method: UInt16
    fileprivate let checksum: UInt32
    fileprivate let compressed: Int
    fileprivate let size: Int
    fileprivate let offset: Int
  }

  private static let endSize = 22
  private static let entrySize = 46
  private static let localSize = 30

  /// The members, in the order of the directory.
  let members: [Member]
  private let bytes: UnsafeRawBufferPointer
  private let name: String

  /// The archive in `bytes`, which must outlive it; errors name `name`.
  ///
  /// - Throws: `DatasetError` where the directory is damaged, or uses zip64 or several volumes.
  init(_ bytes: UnsafeRawBufferPointer, name: String) throws(DatasetError) {
    self.bytes = bytes
    self.name = name
    guard let end = Self.endRecord(bytes), let entries = bytes.little(end + 10, as: UInt16.self),
      let volume = bytes.little(end + 4, as: UInt16.self),
      let start = bytes.little(end + 16, as: UInt32.self)
    else { throw .damaged(name: name, reason: "a zip archive without its directory") }
    guard entries != .max, start != .max, volume == 0 else {
      throw .unsupported(
        name: name, feature: "a zip64 or split archive", remedy: "save the arrays one by one")
    }
    var members: [Member] = []
    var offset = Int(start)
    var total = 0
    for _ in 0..<entries {
      let member: Member
      (member, offset) = try Self.entry(bytes, at: offset, name)
      total += member.size
      members.append(member)
    }
    // The sum bounds archives whose members share the same compressed bytes, too.
    guard Inflater.isPlausible(size: total, compressed: bytes.count) else {
      throw .damaged(
        name: name, reason: "\(bytes.count) bytes of zip cannot hold the \(total) bytes it states")
    }
    self.members = members
  }

  /// The position of the record that ends an archive; a comment of up to 64 KiB may follow it.
  private static func endRecord(_ bytes: UnsafeRawBufferPointer) -> Int? {
    let last = bytes.count - endSize
    guard last >= 0 else { return nil }
    return (max(0, last - 0xFFFF)...last).last { position in
      bytes.little(position, as: UInt32.self) == 0x0605_4B50
        && bytes.little(position + 20, as: UInt16.self).map(Int.init) == last - position
    }
  }

  /// The directory entry at `offset`, and where the next one starts.
  private static func entry(
    _ bytes: UnsafeRawBufferPointer, at offset: Int, _ name: String
  ) throws(DatasetError) -> (Member, next: Int) {
    guard let entry = bytes.slice(offset, entrySize),
      entry.little(0, as: UInt32.self) == 0x0201_4B50,
      let flags = entry.little(8, as: UInt16.self),
      let method = entry.little(10, as: UInt16.self),
      let checksum = entry.little(16, as: UInt32.self),
      let compressed = entry.little(20, as: UInt32.self),
      let size = entry.little(24, as: UInt32.self),
      let nameLength = entry.little(28, as: UInt16.self),
      let extraLength = entry.little(30, as: UInt16.self),
      let commentLength = entry.little(32, as: UInt16.self),
      let local = entry.little(42, as: UInt32.self),
      let memberName = bytes.slice(offset + entrySize, Int(nameLength))
    else { throw .damaged(name: name, reason: "its zip directory is cut short or overwritten") }
    guard flags & 1 == 0 else {
      throw .unsupported(
        name: name, feature: "an encrypted archive", remedy: "save it without a password")
    }
    guard size != .max, compressed != .max, local != .max else {
      throw .unsupported(
        name: name, feature: "a zip64 archive (4 GiB and more)",
        remedy: "save the arrays one by one")
    }
    let member = Member(
      name: String(decoding: memberName, as: UTF8.self), method: method, checksum: checksum,
      compressed: Int(compressed), size: Int(size), offset: Int(local))
    let lengths = Int(nameLength) + Int(extraLength) + Int(commentLength)
    return (member, offset + entrySize + lengths)
  }

  /// The bytes of a member, inflated and compared with their checksum.
  ///
  /// - Throws: `DatasetError` where they are not all there, or are packed by another method than
  ///   deflate.
  func contents(of member: Member) throws(DatasetError) -> [UInt8] {
    let label = "\(name): \(member.name)"
    // The local header has its own name and extra field, of other lengths than the directory's.
    guard let local = bytes.slice(member.offset, Self.localSize),
      local.little(0, as: UInt32.self) == 0x0403_4B50,
      let nameLength = local.little(26, as: UInt16.self),
      let extraLength = local.little(28, as: UInt16.self),
      let packed = bytes.slice(
        member.offset + Self.localSize + Int(nameLength) + Int(extraLength), member.compressed)
    else { throw .damaged(name: label, reason: "it lies outside the archive") }
    let contents: [UInt8]
    switch member.method {
    case 0:
      guard member.size == member.compressed else {
        throw .damaged(name: label, reason: "its two sizes differ though it is not compressed")
      }
      contents = [UInt8](packed)
    case 8:
      contents = try Inflater.inflate(packed, wrapping: .none, size: member.size, name: label)
    default:
      throw .unsupported(
        name: label, feature: "zip compression method \(member.method)",
        remedy: "save it by numpy.savez or numpy.savez_compressed")
    }
    let checksum = contents.withUnsafeBufferPointer {
      crc32_z(0, $0.baseAddress, $0.count)
    }
    guard checksum == UInt(member.checksum) else {
      throw .damaged(name: label, reason: "its checksum is wrong")
    }
    return contents
  }
}
