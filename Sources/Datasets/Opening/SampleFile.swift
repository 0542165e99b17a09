/// What files may be samples, and how labels are written.
enum SampleFile {
  /// The suffixes of files that are samples, in lower case.
  static let suffixes: Set<String> = ["jpg", "jpeg", "png", "npy", "npz"]

  /// Whether a file of this name may be a sample, which hidden ones may not.
  static func isSample(_ name: String) -> Bool {
    guard !name.hasPrefix("."), let dot = name.lastIndex(of: ".") else { return false }
    return suffixes.contains(name[name.index(after: dot)...].lowercased())
  }

  /// The class index that digits, with white space around them, state; nil where there is none.
  static func label(_ text: some Sequence<UInt8>) -> Int? {
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
    let digits = text.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
    guard (1...9).contains(digits.count),
      digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
  }
}
