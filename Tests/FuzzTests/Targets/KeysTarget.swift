@testable import Ship

/// What is fuzzed of keys: reading minisign's files, and verifying with what was read.
///
/// The first byte of an input chooses how its text is read.
enum KeysTarget {
  /// What the text is read as.
  enum Kind: UInt8, CaseIterable {
    case signing, verifying, signature, literal
  }

  /// The most scrypt operations that are spent on an input: what asks for more only takes longer.
  private static let operations = 1 << 16

  /// Reads the text in `bytes`; returns the error in words, or nil.
  @discardableResult static func run(_ bytes: [UInt8]) -> String? {
    guard let first = bytes.first, let kind = Kind(rawValue: first % UInt8(Kind.allCases.count))
    else { return "empty" }
    defer { Scratch.clear() }
    let text = [UInt8](bytes.dropFirst())
    let path = Scratch.write(text, "key")
    do throws(ShipError) {
      switch kind {
      case .signing:
        let key = try SigningKey(path: path) { isCheap(text) ? "word" : nil }
        return use(key)
      case .verifying: _ = try VerifyingKey(path)
      case .literal: _ = try VerifyingKey(String(decoding: text, as: UTF8.self))
      case .signature:
        let signature = try DetachedSignature(path: path)
        let key = VerifyingKey(id: signature.keyID, bytes: [UInt8](signature.bytes.prefix(32)))
        try key.require(signature, of: path, named: path)
      }
      return nil
    } catch { return error.description }
  }

  /// Whether the key in `text` says that it is decrypted at once.
  private static func isCheap(_ text: [UInt8]) -> Bool {
    let lines = text.split(separator: 10, omittingEmptySubsequences: false)
    guard lines.count > 1,
      let bytes = Sodium.bytes(base64: String(decoding: lines[1], as: UTF8.self)),
      bytes.count > 54
    else { return false }
    func number(_ range: Range<Int>) -> UInt64 {
      bytes[range].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    return number(38..<46) <= operations && number(46..<54) <= 1 << 24
  }

  /// Signs with a key that was read; what it signed must hold, and nothing else.
  private static func use(_ key: SigningKey) -> String? {
    let message = [UInt8]("message".utf8)
    let signature = key.sign(message)
    let holds = message.withUnsafeBytes { Sodium.holds(signature, $0, key.verifying.bytes) }
    let other = [UInt8]("massage".utf8).withUnsafeBytes {
      Sodium.holds(signature, $0, key.verifying.bytes)
    }
    precondition(holds && !other, "a key that was read does not sign")
    return nil
  }
}
