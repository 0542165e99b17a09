import ModelFormat

/// Names that may be printed, stored and told apart.
struct NameTable {
  private var taken: Set<String> = []
  /// The last suffix given to a name, so that many equal names take linear time.
  private var suffixes: [String: Int] = [:]

  /// A printable name like `name` that was not given out before.
  mutating func unique(_ name: String) -> String {
    let clean = Self.clean(name)
    if taken.insert(clean).inserted { return clean }
    let base = Self.shorten(clean, by: 12)
    var suffix = suffixes[base] ?? 1
    var candidate: String
    repeat {
      suffix += 1
      candidate = base + "_\(suffix)"
    } while !taken.insert(candidate).inserted
    suffixes[base] = suffix
    return candidate
  }

  /// `name` with `_` for characters that could deceive a terminal, and no longer than the limit.
  static func clean(_ name: String) -> String {
    let safe = name.unicodeScalars.allSatisfy { !isHostile($0) }
    guard !safe || name.utf8.count > Limits.nameBytes else { return name }
    var scalars = String.UnicodeScalarView()
    for scalar in name.unicodeScalars { scalars.append(isHostile(scalar) ? "_" : scalar) }
    let clean = String(scalars)
    guard clean.utf8.count > Limits.nameBytes else { return clean }
    // Two long names with the same beginning stay apart by their hash (FNV-1a).
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return shorten(clean, by: 17) + "~" + String(hash, radix: 16)
  }

  /// `name` cut so that `room` more bytes fit.
  private static func shorten(_ name: String, by room: Int) -> String {
    var bytes = 0
    var scalars = String.UnicodeScalarView()
    for scalar in name.unicodeScalars {
      bytes += UTF8.width(scalar)
      if bytes > Limits.nameBytes - room { break }
      scalars.append(scalar)
    }
    return String(scalars)
  }

  /// Whether a character controls a terminal or the direction of text.
  private static func isHostile(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
