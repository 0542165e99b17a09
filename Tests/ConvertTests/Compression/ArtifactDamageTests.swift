import ModelFormat
import Testing

@testable import Convert

/// A real artifact, cut short and flipped: an error every time, and never a trap.
@Suite struct ArtifactDamageTests {
  static func artifact() throws -> [UInt8] {
    try Conversion(sample: "digits_resnet") {
      $0.pruning = [.unstructured(0.9)]
      $0.quantization = .int8
      $0.calibration = Conversion.calibration
      $0.samples = 4
      $0.verificationSamples = 1
    }.bytes
  }

  @Test func everyTruncationIsRefused() throws {
    let file = try Self.artifact()
    let whole = Bytes(file)
    #expect(throws: Never.self) { try ModelReader.read(whole) }
    for length in 0..<file.count {
      let cut = try #require(whole.slice(0..<length))
      #expect(throws: ModelError.self) { try ModelReader.read(cut) }
    }
  }

  @Test func flippedBitsAreRefused() throws {
    var file = try Self.artifact()
    let regions = try ModelReader.read(Bytes(file)).regions
    let head = try #require(regions.first { $0.name == "names" }).offset
    // Each byte of header and table; every tenth of what digests guard.
    for offset in file.indices where offset < head || offset % 10 == 0 {
      let mask = UInt8(1) << UInt8(offset / 10 % 8)
      file[offset] ^= mask
      #expect(throws: ModelError.self, "byte \(offset)") { try ModelReader.read(Bytes(file)) }
      file[offset] ^= mask
    }
  }
}
