import ModelFormat

/// The two-line text files of minisign: a comment that nobody vouches for, then base64.
enum KeyFile {
  /// What the comment line begins with.
  static let comment = "untrusted comment: "
  /// The most bytes that a key or a signature may have as text; longer files are none.
  static let largest = 16 << 10

  /// The lines of the file at `path`, without what ends them.
  static func lines(_ path: String) throws(ShipError) -> [String] {
    let file = try ShipError.filing { () throws(FileError) in
      MappedFile.Shared(try MappedFile(path: path))
    }
    guard file.count <= largest else { throw .key(path, .notAKey) }
    // By bytes: to Swift, a return before a newline is one character with it.
    var lines: [String] = []
    for line in Bytes(file).array.split(separator: 10, omittingEmptySubsequences: false) {
      guard let text = String(validating: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
      else { throw .key(path, .notAKey) }
      lines.append(text)
    }
    return lines
  }

  /// The bytes of the second line of the file at `path`.
  static func bytes(_ path: String, count: Int) throws(ShipError) -> [UInt8] {
    let lines = try lines(path)
    guard lines.count >= 2, lines[0].hasPrefix(comment), let bytes = Sodium.bytes(base64: lines[1]),
      bytes.count == count
    else { throw .key(path, .notAKey) }
    return bytes
  }
}

extension [UInt8] {
  /// A key's number as minisign writes it: its eight bytes as one little-endian number.
  public var keyNumber: String { [UInt8](reversed()).hexadecimal.uppercased() }
}
