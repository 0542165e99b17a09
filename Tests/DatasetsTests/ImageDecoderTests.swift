import Datasets
import ModelFormat
import Testing

@Suite struct ImageDecoderTests {
  @Test func decodesThePixelsOfPillow() throws {
    let expected = try NumericArray.arrays(npzAt: Fixture.path("pixels.npz"))
    #expect(expected.count == 16)
    for (name, array) in expected {
      let image = try Fixture.image(name)
      let extents = image.channels == 1 ? [] : [image.channels]
      #expect(array.shape.dimensions == [image.height, image.width] + extents, "\(name)")
      #expect(array.bytes == image.pixels, "\(name)")
    }
  }

  @Test(arguments: ["gray.jpg", "gray.png", "gray-alpha.png", "bits.png", "gray-16.png"])
  func keepsGrayImagesGray(name: String) throws {
    #expect(try Fixture.image(name).channels == 1)
  }

  @Test func refusesCMYKByName() throws {
    let error = try Fixture.error { _ = try Fixture.image("cmyk.jpg") }
    #expect(
      error.description == "cmyk.jpg: a JPEG with CMYK colors cannot be read; "
        + "convert it to RGB or gray")
  }

  @Test(arguments: ["color-420.jpg", "progressive.jpg", "gray.jpg", "restarts.jpg"])
  func refusesTruncatedJPEG(name: String) throws {
    let bytes = try Fixture.bytes(name)
    for count in 3..<bytes.count {
      #expect(throws: DatasetError.self, "\(count)") {
        try ImageDecoder.decode([UInt8](bytes[..<count]), name: name)
      }
    }
  }

  @Test(arguments: ["color.png", "palette.png", "interlaced.png", "color-16.png"])
  func refusesTruncatedPNG(name: String) throws {
    let bytes = try Fixture.bytes(name)
    for count in 8..<bytes.count {
      #expect(throws: DatasetError.self, "\(count)") {
        try ImageDecoder.decode([UInt8](bytes[..<count]), name: name)
      }
    }
  }

  @Test func saysHowAnImageIsDamaged() throws {
    let bytes = try Fixture.bytes("color-420.jpg")
    let error = try Fixture.error {
      _ = try ImageDecoder.decode([UInt8](bytes[..<(bytes.count / 2)]), name: "half.jpg")
    }
    #expect(error.description == "half.jpg: is damaged: Premature end of JPEG file")
    var flipped = try Fixture.bytes("color.png")
    flipped[flipped.count / 2] ^= 1
    let other = try Fixture.error { _ = try ImageDecoder.decode(flipped, name: "bad.png") }
    #expect(other.description.hasPrefix("bad.png: is damaged: IDAT: "))
  }

  @Test func refusesHugeImagesBeforeAllocating() throws {
    var bytes = try Fixture.bytes("color-420.jpg")
    let frame = try #require(
      bytes.indices.dropLast().first { bytes[$0...].starts(with: [0xFF, 0xC0]) })
    bytes.replaceSubrange((frame + 5)..<(frame + 9), with: [0xFF, 0xDC, 0xFF, 0xDC])
    let error = try Fixture.error { _ = try ImageDecoder.decode(bytes, name: "huge.jpg") }
    guard case .tooLarge(_, [65_500, 65_500], _) = error else {
      Issue.record("\(error)")
      return
    }
  }

  @Test func refusesWhatIsNoImage() throws {
    for bytes in [[], [0xFF], Array("RIFF....WEBP".utf8)] as [[UInt8]] {
      let error = try Fixture.error { _ = try ImageDecoder.decode(bytes, name: "x.jpg") }
      #expect(
        error.description
          == "x.jpg: an image other than JPEG and PNG cannot be read; convert it to PNG")
    }
  }

  @Test func refusesPixelsThatDoNotFitTheExtents() {
    #expect(throws: DatasetError.sizeMismatch(expected: 12, actual: 11)) {
      try Image(width: 2, height: 2, channels: 3, pixels: [UInt8](repeating: 0, count: 11))
    }
    #expect(throws: DatasetError.self) { try Image(width: 0, height: 2, channels: 1, pixels: []) }
    #expect(throws: DatasetError.self) {
      try Image(width: .max, height: .max, channels: 1, pixels: [])
    }
    #expect(throws: DatasetError.self) {
      try Image(width: 1, height: 1, channels: 2, pixels: [0, 0])
    }
  }
}
