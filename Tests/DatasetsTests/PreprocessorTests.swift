import Datasets
import ModelFormat
import Testing

@Suite struct PreprocessorTests {
  @Test func resizesToThePixelsOfPillow() throws {
    let color = try Fixture.image("color.png")
    let dot = try Image(
      width: 1, height: 1, channels: 3,
      pixels: Array(color.pixels[((4 * color.width + 3) * 3)...].prefix(3)))
    for (name, expected) in try NumericArray.arrays(npzAt: Fixture.path("resized.npz")) {
      let image = name.hasPrefix("1x1-") ? dot : color
      let channels = expected.shape.rank == 3 ? 3 : 1
      let shape: Shape = [1, expected.shape[0], expected.shape[1], channels]
      let preprocessor = try Preprocessor(Preprocessing(layout: .nhwc), inputShape: shape)
      let tensor = try preprocessor.tensor(from: image)
      #expect(tensor == expected.bytes.map(Float.init), "\(name)")
    }
  }

  @Test func givesTheTensorsOfPillowAndNumpy() throws {
    let mean: [Float] = [0.485, 0.456, 0.406]
    let deviation: [Float] = [0.229, 0.224, 0.225]
    func imagenet(_ resize: Int?, _ crop: Int?) -> Preprocessing {
      Preprocessing(resize: resize, crop: crop, divisor: 255, mean: mean, deviation: deviation)
    }
    var (nhwc, bgr) = (imagenet(nil, nil), imagenet(nil, nil))
    nhwc.layout = .nhwc
    bgr.color = .bgr
    let signed = Preprocessing(resize: 40, crop: 33, divisor: 255, mean: [0.5], deviation: [0.5])
    let gray = Preprocessing(divisor: 255, mean: [0.1307], deviation: [0.3081])
    let cases: [(name: String, preprocessing: Preprocessing, shape: Shape, image: String)] = [
      ("imagenet", imagenet(30, 25), [1, 3, 25, 25], "color.png"),
      ("kept", imagenet(37, 24), [8, 3, 24, 24], "color.png"),
      ("signed", signed, [1, 3, 20, 20], "color.png"),
      ("nhwc", nhwc, [1, 12, 16, 3], "color.png"),
      ("bgr", bgr, [1, 3, 12, 16], "color.png"),
      ("gray", gray, [1, 1, 28, 28], "color.png"),
      ("gray", gray, [1, 1, 28, 28], "gray.png"),
      ("replicated", Preprocessing(), [1, 3, 8, 9], "gray.png"),
      ("replicated", Preprocessing(color: .gray), [1, 3, 8, 9], "color.png"),
    ]
    let expected = try NumericArray.arrays(npzAt: Fixture.path("tensors.npz"))
    for test in cases {
      let preprocessor = try Preprocessor(test.preprocessing, inputShape: test.shape)
      let tensor = try preprocessor.tensor(from: Fixture.image(test.image))
      #expect(tensor.count == preprocessor.elementCount)
      #expect(tensor == expected[test.name]?.floats, "\(test.name) of \(test.image)")
    }
  }

  @Test func resizesTallImagesInTheOrderOfPillow() throws {
    let color = try Fixture.image("color.png")
    let pixels = (0..<color.height).flatMap { row in
      color.pixels[((row * color.width + 10) * 3)...].prefix(14 * 3)
    }
    let tall = try Image(width: 14, height: color.height, channels: 3, pixels: pixels)
    let preprocessor = try Preprocessor(
      Preprocessing(resize: 8, crop: 8), inputShape: [1, 3, 8, 8])
    let expected = try NumericArray.arrays(npzAt: Fixture.path("tensors.npz"))["tall"]
    #expect(try preprocessor.tensor(from: tall) == expected?.floats)
  }

  @Test func writesToTheBufferOfTheCaller() throws {
    let preprocessor = try Preprocessor(Preprocessing(), inputShape: [1, 3, 8, 9])
    let image = try Fixture.image("color.png")
    var buffer = [Float](repeating: -1, count: preprocessor.elementCount)
    try buffer.withUnsafeMutableBufferPointer { try preprocessor.write(image, into: $0) }
    #expect(try buffer == preprocessor.tensor(from: image))
    var small = [Float](repeating: 0, count: 3)
    #expect(throws: DatasetError.sizeMismatch(expected: 216, actual: 3)) {
      try small.withUnsafeMutableBufferPointer { try preprocessor.write(image, into: $0) }
    }
  }

  @Test func refusesInputsThatAreNoImages() throws {
    let error = try Fixture.error {
      _ = try Preprocessor(Preprocessing(), inputShape: [1, 28, 28, 1])
    }
    #expect(
      error.description
        == "input 1x28x28x1 cannot take this: as nchw it has 28 channels "
        + "instead of 1 or 3; if it is nhwc, say so, else feed it .npy files")
    for shape: Shape in [[1, 784], [], [1, 3, 0, 4], [1, 3, .max, .max], [1, 3, -1, 4]] {
      #expect(throws: DatasetError.self, "\(shape)") {
        try Preprocessor(Preprocessing(), inputShape: shape)
      }
    }
  }

  @Test func refusesParametersWithoutMeaning() {
    let bad = [
      Preprocessing(divisor: 0), Preprocessing(mean: [1, 2]), Preprocessing(deviation: []),
      Preprocessing(deviation: [1, 0, 1]), Preprocessing(mean: [.nan]), Preprocessing(resize: 0),
      Preprocessing(crop: -1), Preprocessing(resize: .max),
    ]
    for preprocessing in bad {
      #expect(throws: DatasetError.self, "\(preprocessing)") {
        try Preprocessor(preprocessing, inputShape: [1, 3, 8, 8])
      }
    }
  }

  @Test func refusesImagesSmallerThanTheCrop() throws {
    let preprocessor = try Preprocessor(Preprocessing(crop: 40), inputShape: [1, 3, 40, 40])
    let error = try Fixture.error { _ = try preprocessor.tensor(from: Fixture.image("color.png")) }
    #expect(error == .smallerThanCrop(width: 37, height: 53, crop: 40))
  }

  @Test func boundsTheMemoryOfElongatedImages() throws {
    let line = try Image(
      width: 65_535, height: 1, channels: 1, pixels: [UInt8](repeating: 9, count: 65_535))
    let cropping = try Preprocessor(
      Preprocessing(resize: 256, crop: 224), inputShape: [1, 1, 224, 224])
    #expect(try cropping.tensor(from: line).allSatisfy { $0 == 9 })
    let whole = try Preprocessor(Preprocessing(resize: 2_000), inputShape: [1, 1, 8, 8])
    #expect(throws: DatasetError.self) { try whole.tensor(from: line) }
  }
}
