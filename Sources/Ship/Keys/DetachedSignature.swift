import ModelFormat

/// A signature in a file of its own beside what it signs, as `minisign -V` reads it.
///
/// Format: https://jedisct1.github.io/minisign/ — a comment, base64 of algorithm, key and signature, a
/// trusted comment, base64 of the signature of the first signature and that comment.
public struct DetachedSignature: Sendable {
  /// What the name of the signed file gets behind it.
  public static let suffix = ".minisig"
  private static let trusted = "trusted comment: "
  /// The BLAKE2b digest of the file is signed: what minisign writes.
  private static let hashed = [UInt8]("ED".utf8)
  /// The file itself is signed: what minisign wrote before 0.10.
  private static let plain = [UInt8]("Ed".utf8)

  let isHashed: Bool
  let keyID: [UInt8]
  let bytes: [UInt8]
  /// What the key's owner says of the file.
  public let trustedComment: String
  /// The signature of `bytes` and the trusted comment.
  let overall: [UInt8]

  /// Signs the file at `path`.
  init(of path: String, by key: SigningKey, comment: String) throws(ShipError) {
    isHashed = true
    keyID = key.id
    trustedComment = comment
    bytes = key.sign(try Self.message(of: path, isHashed: true))
    overall = key.sign(bytes + [UInt8](comment.utf8))
  }

  /// Reads the signature in the file at `path`.
  init(path: String) throws(ShipError) {
    let lines = try KeyFile.lines(path)
    guard lines.count >= 4, lines[0].hasPrefix(KeyFile.comment),
      let first = Sodium.bytes(base64: lines[1]), first.count == 74,
      lines[2].hasPrefix(Self.trusted),
      let second = Sodium.bytes(base64: lines[3]), second.count == 64
    else { throw .signature(path, .malformed) }
    switch Array(first[..<2]) {
    case Self.hashed: isHashed = true
    case Self.plain: isHashed = false
    default: throw .signature(path, .malformed)
    }
    keyID = Array(first[2..<10])
    bytes = Array(first[10...])
    trustedComment = String(lines[2].dropFirst(Self.trusted.count))
    overall = second
  }

  /// The text of the signature's file.
  var text: String {
    """
    \(KeyFile.comment)signature by pare, key \(keyID.keyNumber)
    \(Sodium.base64((isHashed ? Self.hashed : Self.plain) + keyID + bytes))
    \(Self.trusted)\(trustedComment)
    \(Sodium.base64(overall))

    """
  }

  /// What is signed of the file at `path`.
  func message(of path: String) throws(ShipError) -> [UInt8] {
    try Self.message(of: path, isHashed: isHashed)
  }

  private static func message(of path: String, isHashed: Bool) throws(ShipError) -> [UInt8] {
    let file: Bytes
    do { file = Bytes(MappedFile.Shared(try MappedFile(path: path))) } catch { throw .file(error) }
    return isHashed ? file.withUnsafeBytes { Sodium.blake2b($0, count: 64) } : file.array
  }
}
