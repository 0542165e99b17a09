import CSodium
import ModelFormat

/// The secret half of a key: it signs.
///
/// Files are minisign's, encrypted by a password or not.
public struct SigningKey: Sendable {
  /// Eight bytes that find the key; they prove nothing.
  public let id: [UInt8]
  /// The key's number as minisign writes it.
  public var number: String { id.keyNumber }
  private let bytes: [UInt8]
  /// What tells whether this key's signatures hold.
  public let verifying: VerifyingKey

  private static let algorithm = [UInt8]("Ed".utf8)
  private static let scrypt = [UInt8]("Sc".utf8)
  private static let unencrypted: [UInt8] = [0, 0]
  private static let checksum = [UInt8]("B2".utf8)
  /// Algorithms, salt and limits; then number, key and checksum, which the password hides.
  private static let size = 54 + hiddenSize
  private static let hiddenSize = 8 + 64 + 32
  /// The most that a key's file may ask for, which is what minisign asks for: hostile numbers would take all
  /// memory, or hours.
  private static let mostMemory = 1 << 30, mostOperations: UInt64 = 1 << 25
  /// The fewest that libsodium takes.
  private static let leastOperations: UInt64 = 1 << 15

  /// A new key, of random numbers of the operating system.
  public init() {
    let keys = Sodium.newKeys()
    let id = Sodium.random(8)
    self.init(id: id, bytes: keys.signing)
  }

  private init(id: [UInt8], bytes: [UInt8]) {
    self.id = id
    self.bytes = bytes
    // The second half of a secret key is the public one.
    verifying = VerifyingKey(id: id, bytes: Array(bytes[32...]))
  }

  /// The key in the file at `path`; `password` is called where it is encrypted.
  public init(path: String, password: () -> String?) throws(ShipError) {
    let file = try KeyFile.bytes(path, count: Self.size)
    guard Array(file[..<2]) == Self.algorithm, Array(file[4..<6]) == Self.checksum else {
      throw .key(path, .otherAlgorithm)
    }
    var hidden = Array(file[54...])
    switch Array(file[2..<4]) {
    case Self.unencrypted: break
    case Self.scrypt:
      guard let word = password() else { throw .key(path, .needsPassword) }
      let operations = Self.number(file[38..<46])
      let memory = Self.number(file[46..<54])
      // Operations beyond those that fill the memory would be done side by side, in memory of their own.
      guard operations <= Self.mostOperations, memory <= UInt64(Self.mostMemory),
        operations <= max(Self.leastOperations, memory / 32),
        let stream = Sodium.scrypt(
          [UInt8](word.utf8), salt: Array(file[6..<38]), operations: operations,
          memory: Int(memory), count: Self.hiddenSize)
      else { throw .key(path, .tooCostly) }
      for index in hidden.indices { hidden[index] ^= stream[index] }
    default: throw .key(path, .otherAlgorithm)
    }
    let id = Array(hidden[..<8])
    let bytes = Array(hidden[8..<72])
    // minisign stores no checksum where it does not encrypt; the halves of the key must fit in any case.
    let checksum = Array(hidden[72...])
    let isUnchecked = Array(file[2..<4]) == Self.unencrypted && checksum.allSatisfy { $0 == 0 }
    guard isUnchecked || checksum == Self.digest(id, bytes), Sodium.isKeyPair(bytes) else {
      throw .key(path, .wrongPassword)
    }
    self.init(id: id, bytes: bytes)
  }

  /// The text of the key's file, encrypted where there is a password; nil where there is too little
  /// memory for that.
  public func text(password: String?) -> String? {
    var hidden =
      id + bytes
      + (password == nil ? [UInt8](repeating: 0, count: 32) : Self.digest(id, bytes))
    var limits = [UInt8](repeating: 0, count: 48)
    if let password {
      let salt = Sodium.random(32)
      let operations = UInt64(crypto_pwhash_scryptsalsa208sha256_opslimit_sensitive())
      let memory = crypto_pwhash_scryptsalsa208sha256_memlimit_sensitive()
      guard
        let stream = Sodium.scrypt(
          [UInt8](password.utf8), salt: salt, operations: operations, memory: memory,
          count: Self.hiddenSize)
      else { return nil }
      for index in hidden.indices { hidden[index] ^= stream[index] }
      limits = salt + Self.bytes(operations) + Self.bytes(UInt64(memory))
    }
    let kind = password == nil ? Self.unencrypted : Self.scrypt
    let all = Self.algorithm + kind + Self.checksum + limits + hidden
    let word = password == nil ? "secret key" : "encrypted secret key"
    return "\(KeyFile.comment)minisign \(word)\n\(Sodium.base64(all))\n"
  }

  /// The Ed25519 signature of `message`.
  func sign(_ message: [UInt8]) -> [UInt8] { Sodium.sign(message, bytes) }

  private static func digest(_ id: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
    (algorithm + id + bytes).withUnsafeBytes { Sodium.blake2b($0, count: 32) }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func bytes(_ number: UInt64) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { [UInt8]($0) }
  }
}
