import CSodium

/// libsodium, made ready once.
enum Sodium {
  /// Whether the library is there and has its source of random numbers.
  private static let isReady = sodium_init() >= 0

  /// Random bytes of the operating system.
  static func random(_ count: Int) -> [UInt8] {
    precondition(isReady, "libsodium cannot start: the system gives no random numbers")
    var bytes = [UInt8](repeating: 0, count: count)
    randombytes_buf(&bytes, count)
    return bytes
  }

  /// A new pair of Ed25519 keys: 32 bytes to verify with, 64 to sign with.
  static func newKeys() -> (verifying: [UInt8], signing: [UInt8]) {
    precondition(isReady, "libsodium cannot start: the system gives no random numbers")
    var verifying = [UInt8](repeating: 0, count: Int(crypto_sign_PUBLICKEYBYTES))
    var signing = [UInt8](repeating: 0, count: Int(crypto_sign_SECRETKEYBYTES))
    crypto_sign_keypair(&verifying, &signing)
    return (verifying, signing)
  }

  /// Whether the public half of a secret key is that of its seed.
  static func isKeyPair(_ key: [UInt8]) -> Bool {
    var verifying = [UInt8](repeating: 0, count: Int(crypto_sign_PUBLICKEYBYTES))
    var signing = [UInt8](repeating: 0, count: Int(crypto_sign_SECRETKEYBYTES))
    crypto_sign_seed_keypair(&verifying, &signing, key)
    return signing == key
  }

  /// The Ed25519 signature of `message`, 64 bytes.
  static func sign(_ message: [UInt8], _ key: [UInt8]) -> [UInt8] {
    var signature = [UInt8](repeating: 0, count: Int(crypto_sign_BYTES))
    crypto_sign_detached(&signature, nil, message, UInt64(message.count), key)
    return signature
  }

  /// Whether `signature` is that of `message` by the owner of `key`.
  static func holds(
    _ signature: [UInt8], _ message: UnsafeRawBufferPointer, _ key: [UInt8]
  ) -> Bool {
    // libsodium takes no null pointer for an empty message.
    guard let base = message.baseAddress else {
      return crypto_sign_verify_detached(signature, [0], 0, key) == 0
    }
    return crypto_sign_verify_detached(
      signature, base.assumingMemoryBound(to: UInt8.self), UInt64(message.count), key) == 0
  }

  /// The BLAKE2b digest of `message`, of `count` bytes.
  static func blake2b(_ message: UnsafeRawBufferPointer, count: Int) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: count)
    let bytes = message.baseAddress?.assumingMemoryBound(to: UInt8.self)
    crypto_generichash(&digest, count, bytes, UInt64(message.count), nil, 0)
    return digest
  }

  /// Bytes made of a password by scrypt, or nil where there is too little memory.
  static func scrypt(
    _ password: [UInt8], salt: [UInt8], operations: UInt64, memory: Int, count: Int
  ) -> [UInt8]? {
    var stream = [UInt8](repeating: 0, count: count)
    let characters = password.map { CChar(bitPattern: $0) }
    let done = crypto_pwhash_scryptsalsa208sha256(
      &stream, UInt64(count), characters, UInt64(characters.count), salt, operations, memory)
    return done == 0 ? stream : nil
  }

  /// The bytes as base64 with padding.
  static func base64(_ bytes: [UInt8]) -> String {
    let variant = sodium_base64_VARIANT_ORIGINAL
    let size = sodium_base64_encoded_len(bytes.count, variant)
    var text = [CChar](repeating: 0, count: size)
    sodium_bin2base64(&text, size, bytes, bytes.count, variant)
    return String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The bytes that base64 `text` stands for, or nil where it is none.
  static func bytes(base64 text: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: text.utf8.count)
    var count = 0
    guard
      sodium_base642bin(
        &bytes, bytes.count, text, text.utf8.count, nil, &count, nil,
        sodium_base64_VARIANT_ORIGINAL) == 0
    else { return nil }
    return Array(bytes[..<count])
  }
}
