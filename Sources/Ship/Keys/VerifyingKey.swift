public import ModelFormat

/// The public half of a key: it tells whether a signature holds.
///
/// Files are minisign's.
///
/// Algorithm: Ed25519 (RFC 8032), by libsodium.
public struct VerifyingKey: Sendable, Hashable {
  /// Eight bytes that find the key; they prove nothing.
  public let id: [UInt8]
  let bytes: [UInt8]

  private static let algorithm = [UInt8]("Ed".utf8)
  private static let size = 42

  init(id: [UInt8], bytes: [UInt8]) {
    self.id = id
    self.bytes = bytes
  }

  /// The key in the file at `text`, or that `text` itself is: 56 characters of base64, as `minisign -P`
  /// takes them.
  public init(_ text: String) throws(ShipError) {
    let literal = Sodium.bytes(base64: text).flatMap { $0.count == Self.size ? $0 : nil }
    let found: [UInt8]
    if let literal { found = literal } else { found = try KeyFile.bytes(text, count: Self.size) }
    guard Array(found[..<2]) == Self.algorithm else { throw .key(text, .otherAlgorithm) }
    self.init(id: Array(found[2..<10]), bytes: Array(found[10...]))
  }

  /// The key as one line of base64.
  public var base64: String { Sodium.base64(Self.algorithm + id + bytes) }

  /// The text of the key's file.
  public var text: String {
    "\(KeyFile.comment)minisign public key \(id.keyNumber)\n\(base64)\n"
  }

  /// Refuses `file`, which lies at `path`, unless the owner of the key signed it.
  ///
  /// The signature in the file counts; where it is missing or of another key, the detached one beside
  /// it, `path.minisig`.
  /// Of a file that is no `.pare` file, nil, the detached one alone.
  public func require(_ file: ModelFile?, path: String) throws(ShipError) {
    var problem = ShipError.SignatureProblem.missing
    if let file, let signature = file.model.signature {
      if signature.keyID == id {
        guard holds(signature.bytes, ModelSignature.context + file.signedBytes) else {
          throw .signature(path, .doesNotHold)
        }
        return
      }
      problem = .otherKey(signature.keyID.keyNumber, wanted: id.keyNumber)
    }
    let detached = path + DetachedSignature.suffix
    guard AtomicFile.exists(detached) else { throw .signature(path, problem) }
    try require(DetachedSignature(path: detached), of: path, named: detached)
  }

  /// Refuses the file at `path` unless `signature`, from the file `named`, is the owner's and of its bytes.
  func require(
    _ signature: DetachedSignature, of path: String, named: String
  ) throws(ShipError) {
    guard signature.keyID == id else {
      throw .signature(named, .otherKey(signature.keyID.keyNumber, wanted: id.keyNumber))
    }
    guard holds(signature.bytes, try signature.message(of: path)),
      holds(signature.overall, signature.bytes + [UInt8](signature.trustedComment.utf8))
    else { throw .signature(named, .doesNotHold) }
  }

  private func holds(_ signature: [UInt8], _ message: [UInt8]) -> Bool {
    message.withUnsafeBytes { Sodium.holds(signature, $0, bytes) }
  }
}
