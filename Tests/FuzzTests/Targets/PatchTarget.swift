/// What is fuzzed of deltas: applying one to the file that it was made from.
///
/// An input has both: the number of bytes of the old file (four, lowest first), these, the delta. So a
/// kept one needs nothing else.
enum PatchTarget {
  /// The old file and the delta in `bytes`, or nil where it is cut.
  static func parts(_ bytes: [UInt8]) -> (base: [UInt8], delta: [UInt8])? {
    guard bytes.count >= 4 else { return nil }
    let count = bytes[..<4].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard count <= bytes.count - 4 else { return nil }
    return ([UInt8](bytes[4..<(4 + count)]), [UInt8](bytes[(4 + count)...]))
  }

  /// The input of an old file and a delta.
  static func input(_ base: [UInt8], _ delta: [UInt8]) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: base.count >> (8 * $0)) } + base + delta
  }

  /// Applies the delta in `bytes`; returns the error in words, or nil.
  @discardableResult static func run(_ bytes: [UInt8]) -> String? {
    guard let (base, delta) = parts(bytes) else { return "no parts" }
    return UnpackTarget.run(delta, base: Scratch.write(base, "base"))
  }
}
