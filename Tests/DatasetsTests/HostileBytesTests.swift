import Foundation
import ModelFormat
import Testing

@testable import Datasets

/// Whatever the bytes, reading ends in a sample or an error: a trap would end the test run.
@Suite struct HostileBytesTests {
  /// Every fixture but the large ones, which are of kinds that smaller ones have, too.
  static let names: [String] = {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: Fixture.folder)) ?? []
    let large: Set = ["pixels.npz", "resized.npz", "tensors.npz"]
    return all.filter { !large.contains($0) }.sorted()
  }()

  /// Reads `bytes` by every reader that their start allows.
  private func read(_ bytes: [UInt8], _ name: String) {
    let file = Bytes(bytes)
    switch bytes.withUnsafeBytes({ FileFormat($0) }) {
    case .tar:
      guard let source = try? TarSource(file, path: name) else { return }
      // The last sample is the one that damage at the end may concern.
      _ = try? source.sample(at: source.count - 1)
    case .idx, .gzip:
      guard let array = try? IDXArray(file, name: name),
        let source = try? IDXSource(images: array, labels: nil, path: name, fileName: name)
      else { return }
      for index in 0..<min(source.count, 10) { _ = try? source.sample(at: index) }
    case .jpeg, .png, .npy, .zip, .unknown:
      _ = try? bytes.withRawBytes { (buffer) throws(DatasetError) in
        try Sample.Content(decoding: buffer, name: name)
      }
      guard let source = try? ArraySource(file, path: name, fileName: name) else { return }
      for index in 0..<min(source.count, 10) { _ = try? source.sample(at: index) }
    }
  }

  @Test(arguments: names) func survivesTruncationAtEveryByte(name: String) throws {
    let bytes = try Fixture.bytes(name)
    for count in bytes.indices { read([UInt8](bytes[..<count]), name) }
  }

  @Test(arguments: names) func survivesFlippedBytes(name: String) throws {
    let bytes = try Fixture.bytes(name)
    var random = SplitMix(state: 0x5EED)
    for _ in 0..<300 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        // Headers are where the damage is done: half of the flips go there.
        let end = Bool.random(using: &random) ? min(128, bytes.count) : bytes.count
        let position = Int.random(in: 0..<end, using: &random)
        changed[position] =
          [0, 0x7F, 0x80, 0xFF, .random(in: 0...255, using: &random)]
          .randomElement(using: &random) ?? 0
      }
      read(changed, name)
    }
  }

  @Test(arguments: ["vector.npy", "empty.npy", "stored.npz", "deflated.npz"])
  func refusesTruncatedArrays(name: String) throws {
    let bytes = try Fixture.bytes(name)
    for count in bytes.indices {
      #expect(throws: DatasetError.self, "\(count)") {
        try [UInt8](bytes[..<count]).withRawBytes { (buffer) throws(DatasetError) in
          try Sample.Content(decoding: buffer, name: name)
        }
      }
    }
  }

  @Test func refusesTruncatedGzip() throws {
    let bytes = try Fixture.bytes("packed-images-idx3-ubyte.gz")
    for count in bytes.indices {
      #expect(throws: DatasetError.self, "\(count)") {
        try IDXArray(Bytes([UInt8](bytes[..<count])), name: "x")
      }
    }
  }

  @Test func refusesSizesThatNoFileCanHold() throws {
    let bytes: [UInt8] = [0, 0, 8, 4] + [UInt8](repeating: 0xFF, count: 16)
    #expect(throws: DatasetError.self) { try IDXArray(Bytes(bytes), name: "x") }
    #expect(!Inflater.isPlausible(size: .max, compressed: .max))
    #expect(!Inflater.isPlausible(size: -1, compressed: 10))
    #expect(!Inflater.isPlausible(size: 1 << 30, compressed: 1000))
  }
}

/// A small generator of random numbers that are the same every time.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
