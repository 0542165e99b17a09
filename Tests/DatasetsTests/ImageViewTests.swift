import Datasets
import Foundation
import ModelFormat
import Testing

/// Other looks at an image than the centered one.
@Suite struct ImageViewTests {
  /// What the network gets, [channels][height][width].
  static func look(
    _ image: Image, _ preprocessing: Preprocessing, _ shape: Shape, _ view: ImageView?
  ) throws -> [Float] {
    let preprocessor = try Preprocessor(preprocessing, inputShape: shape)
    var buffer = [Float](repeating: -1, count: preprocessor.elementCount)
    try buffer.withUnsafeMutableBufferPointer {
      if let view {
        try preprocessor.write(image, view: view, into: $0)
      } else {
        try preprocessor.write(image, into: $0)
      }
    }
    return buffer
  }

  static func view(
    _ extent: Double, _ horizontal: Double, _ vertical: Double, isMirrored: Bool = false
  ) -> ImageView {
    var view = ImageView()
    (view.extent, view.horizontal, view.vertical) = (extent, horizontal, vertical)
    view.isMirrored = isMirrored
    return view
  }

  /// The columns of planes, or of pixels of channels, in the other order.
  static func mirrored(_ elements: [Float], width: Int, channels: Int = 1) -> [Float] {
    elements.indices.map { index in
      let (row, rest) = index.quotientAndRemainder(dividingBy: width * channels)
      let (x, channel) = rest.quotientAndRemainder(dividingBy: channels)
      return elements[(row * width + width - 1 - x) * channels + channel]
    }
  }

  /// An image whose pixels say where they are.
  static func grid(_ width: Int, _ height: Int) throws -> Image {
    try Image(
      width: width, height: height, channels: 1,
      pixels: (0..<width * height).map { UInt8($0 / width * 16 + $0 % width) })
  }

  /// A square of 8 x 8 pixels of a grid that is 16 wide.
  static func rectangle(_ left: Int, _ top: Int) -> [Float] {
    var pixels: [Float] = []
    for y in top..<top + 8 {
      for x in left..<left + 8 { pixels.append(Float(y * 16 + x)) }
    }
    return pixels
  }

  static let cases: [(Preprocessing, Shape, Int)] = [
    (Preprocessing(), [1, 3, 21, 16], 1),
    (Preprocessing(resize: 30, crop: 25), [1, 3, 25, 25], 1),
    (Preprocessing(crop: 20), [1, 1, 28, 28], 1),
    (Preprocessing(layout: .nhwc), [1, 12, 16, 3], 3),
  ]

  @Test(arguments: cases)
  func mirroredLooksAreMirrorsOfOthers(_ test: (Preprocessing, Shape, Int)) throws {
    let image = try Fixture.image("color.png")
    let width = test.2 == 1 ? test.1[3] : test.1[2]
    for place in [(1.0, 0.2, 0.0), (0.8, 0.3, -1), (0.75, -0.6, 0.9)] {
      let plain = try Self.look(image, test.0, test.1, Self.view(place.0, place.1, place.2))
      let other = try Self.look(
        image, test.0, test.1, Self.view(place.0, place.1, place.2, isMirrored: true))
      #expect(other == Self.mirrored(plain, width: width, channels: test.2))
      #expect(other != plain)
    }
  }

  /// Where nothing is resized, the pixels of a look are those of the image.
  @Test func looksAreRectanglesOfTheImage() throws {
    let image = try Self.grid(16, 12)
    func look(_ view: ImageView?) throws -> [Float] {
      try Self.look(image, Preprocessing(crop: 8), [1, 1, 8, 8], view)
    }
    #expect(try look(nil) == Self.rectangle(4, 2))
    #expect(try look(ImageView()) == Self.rectangle(4, 2))
    // Farther out than the centered crop, since the crop left some over.
    #expect(try look(Self.view(1, -1, -1)) == Self.rectangle(0, 0))
    #expect(try look(Self.view(1, 1, 1)) == Self.rectangle(8, 4))
    #expect(try look(Self.view(1, 0.5, -0.5)) == Self.rectangle(6, 1))
    #expect(
      try look(Self.view(1, 0, 0, isMirrored: true))
        == Self.mirrored(Self.rectangle(4, 2), width: 8))
    // Beyond the edge is the edge.
    #expect(try look(Self.view(1, -9, 9)) == Self.rectangle(0, 4))
  }

  @Test func smallerExtentsAreNearer() throws {
    let image = try Self.grid(16, 16)
    let near = try Self.look(image, Preprocessing(), [1, 1, 8, 8], Self.view(0.5, 1, -1))
    #expect(near == Self.rectangle(8, 0))
    // All of it where the extent is 1, wherever it lies.
    let whole = try Self.look(image, Preprocessing(), [1, 1, 8, 8], nil)
    #expect(try Self.look(image, Preprocessing(), [1, 1, 8, 8], Self.view(1, 1, 1)) == whole)
    // A pixel at least.
    let dot = try Self.look(image, Preprocessing(), [1, 1, 2, 2], Self.view(0.001, -1, 1))
    #expect(dot == [240, 240, 240, 240])
  }

  /// Resize and crop in one step: what is seen is the same, but for the rounding of pixels in between.
  @Test func fullLooksShowWhatTheCenteredOneDoes() throws {
    // Waves, slow enough to outlast resizing.
    var pixels: [UInt8] = []
    for index in 0..<64 * 80 * 3 {
      let (x, y) = (Double(index / 3 % 64), Double(index / 192))
      let wave = sin(x / 6 + Double(index % 3)) + sin(y / 9 + x / 20)
      pixels.append(UInt8(127 + 60 * wave))
    }
    let image = try Image(width: 64, height: 80, channels: 3, pixels: pixels)
    for (resize, crop) in [(50, 40), (64, 48), (90, 72)] {
      let preprocessing = Preprocessing(resize: resize, crop: crop)
      let shape: Shape = [1, 3, crop, crop]
      let centered = try Self.look(image, preprocessing, shape, nil)
      let mirrored = try Self.look(
        image, preprocessing, shape, Self.view(1, 0, 0, isMirrored: true))
      let back = Self.mirrored(mirrored, width: crop)
      let difference = zip(back, centered).reduce(Float(0)) { $0 + abs($1.0 - $1.1) }
      let other = zip(mirrored, centered).reduce(Float(0)) { $0 + abs($1.0 - $1.1) }
      #expect(difference < 0.1 * other, "\(difference) of \(other)")
    }
  }

  @Test func imagesSmallerThanTheirCropAreNoMatter() throws {
    // Nothing is cut of what is not there: the look is all of it.
    let image = try Self.grid(6, 6)
    let found = try Self.look(
      image, Preprocessing(crop: 40), [1, 1, 6, 6], Self.view(1, 0, 0, isMirrored: true))
    let whole = try Self.look(image, Preprocessing(), [1, 1, 6, 6], nil)
    #expect(found == Self.mirrored(whole, width: 6))
  }
}
