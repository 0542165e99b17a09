@testable import ModelFormat
@testable import Ship

/// Changes of a packed file that keep its form: header, chunks, pieces, planes.
struct PackedMutation {
  private var header: [UInt8]
  private var chunks: [[UInt8]] = []
  /// What follows the last chunk.
  private var rest: [UInt8] = []

  /// The file `bytes` with some of it changed, or nil where it has no header.
  static func mutated(_ bytes: [UInt8], base: [UInt8], _ mutation: inout Mutation) -> [UInt8]? {
    guard var parts = PackedMutation(bytes) else { return nil }
    for _ in 0...mutation.below(3) { parts.change(&mutation) }
    // Most of the time the file unpacks to what its header says.
    if mutation.below(8) != 0 { parts.stateTarget(base) }
    if mutation.below(16) != 0 { parts.stateBase(base) }
    if mutation.below(24) == 0 {
      // Sizes, features, chunks, reserved bytes.
      let places = [16, 24, 32, 72, 112, 116]
      parts.store(mutation.number(), at: places[mutation.below(places.count)])
      return parts.file(size: mutation.below(2) == 0)
    }
    return parts.file(size: true)
  }

  /// The parts of a file, taken apart without checks.
  private init?(_ bytes: [UInt8]) {
    guard bytes.count >= PackedHeader.size else { return nil }
    header = [UInt8](bytes[..<PackedHeader.size])
    var place = PackedHeader.size
    while bytes.count - place > PackedHeader.chunkRecord {
      let size = bytes[place..<(place + 4)].reversed().reduce(0) { $0 << 8 | Int($1) }
      let start = place + PackedHeader.chunkRecord
      guard size <= bytes.count - start else { break }
      chunks.append([UInt8](bytes[start..<(start + size)]))
      place = start + size
    }
    rest = [UInt8](bytes[place...])
  }

  private mutating func change(_ mutation: inout Mutation) {
    guard !chunks.isEmpty, mutation.below(12) != 0 else { return mutation.rearrange(&chunks) }
    let index = mutation.below(chunks.count)
    guard mutation.below(6) != 0, var pieces = LoosePiece.parse(chunks[index]) else {
      chunks[index] = mutation.changed(chunks[index])
      return
    }
    if mutation.below(4) == 0 {
      mutation.rearrange(&pieces)
    } else if !pieces.isEmpty {
      pieces[mutation.below(pieces.count)].change(&mutation)
    }
    chunks[index] = pieces.flatMap(\.bytes)
    if mutation.below(200) == 0 { rest = mutation.changed(rest) }
  }

  /// States the size and the digest of what the chunks unpack to, if they do.
  private mutating func stateTarget(_ base: [UInt8]) {
    let reader = ChunkReader(baseSize: base.count)
    var target: [UInt8] = []
    for (index, chunk) in chunks.enumerated() {
      guard chunk.count <= PackedHeader.mostPacked, let pieces = LoosePiece.parse(chunk) else {
        return
      }
      let count = pieces.reduce(0) { $0 + $1.length }
      let isLast = index == chunks.count - 1
      guard isLast ? count <= PackedHeader.chunk : count == PackedHeader.chunk else { return }
      _ = reader.load(chunk.count) {
        $0.copyBytes(from: chunk)
        return true
      }
      let isUnpacked: Void? = try? reader.unpack(
        chunk.count, to: count, digest: SHA256.digest(chunk), at: 0,
        base: { offset, buffer in
          guard offset + buffer.count <= base.count else { return false }
          buffer.copyBytes(from: base[offset..<(offset + buffer.count)])
          return true
        }
      ) { target += $0 }
      guard isUnpacked != nil else { return }
    }
    store(UInt64(target.count), at: 32)
    header.replaceSubrange(40..<72, with: SHA256.digest(target))
  }

  private mutating func stateBase(_ base: [UInt8]) {
    store(UInt64(base.count), at: 72)
    let digest = base.isEmpty ? [UInt8](repeating: 0, count: 32) : SHA256.digest(base)
    header.replaceSubrange(80..<112, with: digest)
  }

  private mutating func store(_ number: UInt64, at place: Int) {
    for index in 0..<(place == 112 ? 4 : 8) {
      header[place + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index))
    }
  }

  /// The file, with the digests of chunks and the checksum of the header as they must be.
  private func file(size: Bool) -> [UInt8] {
    var copy = self
    var body: [UInt8] = []
    for chunk in chunks {
      body += (0..<4).map { UInt8(truncatingIfNeeded: chunk.count >> (8 * $0)) }
      body += SHA256.digest(chunk) + chunk
    }
    if size { copy.store(UInt64(PackedHeader.size + body.count), at: 16) }
    let checksum = CRC32.checksum(copy.header[..<124])
    for index in 0..<4 {
      copy.header[124 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index))
    }
    return copy.header + body + rest
  }
}
