@testable import Ship

/// Changes of minisign's files that keep their lines and their base64.
enum KeyMutation {
  /// The input `bytes` with some of it changed.
  static func mutated(_ bytes: [UInt8], _ mutation: inout Mutation) -> [UInt8]? {
    guard let kind = bytes.first else { return nil }
    var lines = bytes.dropFirst().split(separator: 10, omittingEmptySubsequences: false)
      .map { [UInt8]($0) }
    for _ in 0...mutation.below(2) {
      switch mutation.below(16) {
      case 0: mutation.rearrange(&lines)
      case 1: return [UInt8(mutation.below(4))] + lines.joined(separator: [10])
      case 2: lines[mutation.below(max(1, lines.count))] += [13]
      default:
        guard !lines.isEmpty else { return nil }
        let index = mutation.below(lines.count)
        lines[index] = changed(lines[index], &mutation)
      }
      if lines.isEmpty { lines = [[]] }
    }
    return [kind] + lines.joined(separator: [10])
  }

  private static func changed(_ line: [UInt8], _ mutation: inout Mutation) -> [UInt8] {
    guard mutation.below(8) != 0,
      var bytes = Sodium.bytes(base64: String(decoding: line, as: UTF8.self)), !bytes.isEmpty
    else { return mutation.changed(line) }
    switch mutation.below(6) {
    case 0: bytes = mutation.changed(bytes)
    case 1 where bytes.count > 53:
      // Limits of the key's encryption that take no time.
      bytes.replaceSubrange(2..<4, with: [0x53, 0x63])
      for place in [38, 46] {
        let number = mutation.below(3) == 0 ? mutation.number() : UInt64(mutation.below(1 << 16))
        for index in 0..<8 {
          bytes[place + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index))
        }
      }
    case 2 where bytes.count > 157:
      // The public half of the key that its seed has.
      bytes.replaceSubrange(2..<4, with: [0, 0])
      for index in 126..<158 { bytes[index] = 0 }
    default:
      let index = mutation.below(bytes.count)
      bytes[index] ^= 1 << UInt8(mutation.below(8))
    }
    return [UInt8](Sodium.base64(bytes).utf8)
  }
}
