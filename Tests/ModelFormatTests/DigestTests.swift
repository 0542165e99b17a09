import Testing

@testable import ModelFormat

@Suite struct DigestTests {
  /// Digests by Python's hashlib of messages whose byte i is 7i + 3, by length.
  static let known: [(length: Int, digest: String)] = [
    (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (1, "084fed08b978af4d7d196a7446a86b58009e636b611db16211b65a9aadff29c5"),
    (55, "e7313d333c272e639f790978283f9eb392e843d0f29b7016828bb1daa4aac70b"),
    (56, "4324d65f3c103567f5589c710bc08f8523f929a9272e3af36fc968e52abc6c27"),
    (63, "81c80242132f230c3bd41b3e63bbcff16107339549214a99614ff26664625055"),
    (64, "39e3d7b6b5d075d37d053ad89b24b41bef4f3c29760c84447cab3f3be1882241"),
    (65, "aacca6ff74fdbb296d165a45cecfa04e5127bc008770fbbdd48006f2d2fae95e"),
    (119, "9ce7368e4daf32341631b492e80359dc9f594b48453cd0dd5bf0b19279cc177e"),
    (120, "7836b787757e95e58b3ca5aec90b1b004e8deba1e50e9675af9cabf1a13a04b5"),
    (128, "d2742f1f4ac6bb7ca2b239ee18402ba8b3f9f8e652d2a72973c2b9ba11c08cf6"),
    (1000, "1e9bc38cbf860b9ec31918b065f9b52476c549a782e0e7990bed8ce3868d2371"),
  ]

  private func message(_ length: Int) -> [UInt8] {
    (0..<length).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) }
  }

  @Test("SHA-256 is hashlib's at every length around a block", arguments: known.indices)
  func digests(index: Int) {
    let (length, digest) = Self.known[index]
    #expect(SHA256.digest(message(length)).hexadecimal == digest)
  }

  @Test("A message in pieces has the digest of the whole", arguments: [1, 7, 63, 64, 65, 130])
  func pieces(of size: Int) {
    let whole = message(1000)
    var hash = SHA256()
    for start in stride(from: 0, to: whole.count, by: size) {
      Array(whole[start..<min(start + size, whole.count)]).withUnsafeBytes { hash.update($0) }
    }
    #expect(hash.finish() == SHA256.digest(whole))
  }

  @Test("The Swift form folds blocks as the processor's instructions do")
  func portable() {
    let blocks = message(64 * 5)
    blocks.withUnsafeBytes { blocks in
      guard let base = blocks.baseAddress else { return }
      var (plain, best) = (SHA256.start, SHA256.start)
      SHA256.compress(base, blocks: 5, &plain)
      SHA256.fold(blocks, into: &best)
      #expect(plain == best)
      // "abc" and its padding, FIPS 180-4.
      var abc = [UInt8](repeating: 0, count: 64)
      abc.replaceSubrange(0..<4, with: [0x61, 0x62, 0x63, 0x80])
      abc[63] = 24
      var state = SHA256.start
      abc.withUnsafeBytes {
        if let base = $0.baseAddress { SHA256.compress(base, blocks: 1, &state) }
      }
      #expect(
        SHA256.bytes(of: state).hexadecimal
          == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
  }

  @Test("Many messages at once have the digests of each")
  func many() {
    for lengths in [
      [], [70], [0, 0], [64, 1000, 3], Array(0..<200), [5000, 1, 1, 1, 64, 55, 56],
    ] {
      let messages = lengths.map { message($0) }
      let joined = message(lengths.max() ?? 0)
      let digests = joined.withUnsafeBytes { bytes in
        SHA256.digests(of: lengths.map { UnsafeRawBufferPointer(rebasing: bytes[..<$0]) })
      }
      #expect(digests == messages.map { SHA256.digest($0) })
    }
  }
}
