import Interpreter
import Kernels
import TestSupport
import Testing

@testable import Train

struct AugmentationTests {
  private func run(
    _ augmentation: Augmentation, _ images: [Float], _ from: ImageShape, _ to: ImageShape,
    seed: UInt64 = 1, threads: Int = 1
  ) -> [Float] {
    let count = images.count / from.count
    var results = [Float](repeating: .nan, count: count * to.count)
    images.withUnsafeBufferPointer { images in
      results.withUnsafeMutableBufferPointer {
        guard let images = images.baseAddress, let results = $0.baseAddress else { return }
        augmentation.apply(
          images, from, to: results, to, count: count, stream: RandomStream(seed: seed),
          pool: ThreadPool(threads: threads))
      }
    }
    return results
  }

  /// Planes to pixels.
  private func channelsLast(_ images: [Float], _ shape: ImageShape) -> [Float] {
    let pixels = shape.height * shape.width
    return (0..<images.count / shape.count).flatMap { image in
      (0..<pixels).flatMap { pixel in
        (0..<shape.channels).map { images[image * shape.count + $0 * pixels + pixel] }
      }
    }
  }

  @Test(arguments: ["smaller", "larger", "mixed"])
  func windowsAreResizedAsPyTorchDoes(name: String) throws {
    let fixture = try TrainingFixture("resize-\(name)")
    let window = try fixture.integers("window")
    let size = try fixture.integers("size")
    let image = try fixture.floats("image")
    let expected = try fixture.floats("result")
    var from = ImageShape(channels: 2, height: 13, width: 17)
    var to = ImageShape(channels: 2, height: size[0], width: size[1])
    func resized(_ image: [Float], mirrored: Bool) -> [Float] {
      var result = [Float](repeating: .nan, count: to.count)
      let resize = CropResize(
        from: from, to: to,
        window: CropWindow(top: window[0], left: window[1], height: window[2], width: window[3]),
        isMirrored: mirrored)
      image.withUnsafeBufferPointer { image in
        result.withUnsafeMutableBufferPointer {
          if let image = image.baseAddress, let result = $0.baseAddress {
            resize(image, result, fill: 0)
          }
        }
      }
      return result
    }
    let upright = resized(image, mirrored: false)
    expectClose(upright, expected, 2e-6)
    let mirrored = resized(image, mirrored: true)
    for row in 0..<2 * size[0] {
      let range = row * size[1]..<(row + 1) * size[1]
      #expect(Array(mirrored[range]) == upright[range].reversed())
    }
    // Pixel by pixel, the same numbers.
    let planes = from
    (from.order, to.order) = (.channelsLast, .channelsLast)
    var order = to
    order.order = .channelsFirst
    #expect(
      resized(channelsLast(image, planes), mirrored: false) == channelsLast(upright, order))
  }

  @Test func nothingIsDrawnTwice() {
    var random = SeededGenerator(seed: 2)
    let shape = ImageShape(channels: 3, height: 8, width: 10)
    let images = random.normal(40 * shape.count)
    let to = ImageShape(channels: 3, height: 6, width: 6)
    for augmentation in [
      Augmentation(crop: .resized(scale: 0.3...1)), Augmentation(crop: .padded(2)),
      Augmentation(crop: .none),
    ] {
      let size = augmentation.crop == .padded(2) ? shape : to
      let one = run(augmentation, images, shape, size)
      // A seed gives the same, whatever the threads; another seed gives others.
      #expect(run(augmentation, images, shape, size, threads: 3) == one)
      #expect(run(augmentation, images, shape, size, seed: 2) != one)
      #expect(one.allSatisfy { $0.isFinite })
    }
  }

  @Test func paddedCropsAreTheImageMoved() {
    let shape = ImageShape(channels: 1, height: 4, width: 5)
    let image = (1...20).map { Float($0) }
    var images: [Float] = []
    for _ in 0..<500 { images += image }
    let results = run(
      Augmentation(crop: .padded(2, fill: -1)), images, shape, shape)
    var seen: Set<[Float]> = []
    for index in 0..<500 { seen.insert(Array(results[index * 20..<(index + 1) * 20])) }
    var expected: Set<[Float]> = []
    for top in -2...2 {
      for left in -2...2 {
        for isMirrored in [false, true] {
          expected.insert(
            (0..<20).map { place in
              let x = isMirrored ? 4 - place % 5 : place % 5
              let (row, column) = (top + place / 5, left + x)
              let isInside = (0..<4).contains(row) && (0..<5).contains(column)
              return isInside ? image[row * 5 + column] : -1
            })
        }
      }
    }
    // 500 draws of 50 leave none out but by a chance of 1 in 500.
    #expect(seen == expected)
  }

  @Test func windowsKeepToTheirBounds() {
    var stream = RandomStream(seed: 9)
    let shape = ImageShape(channels: 3, height: 60, width: 90)
    var areas: [Double] = []
    for _ in 0..<2000 {
      let window = CropWindow.within(shape, scale: 0.2...0.9, ratio: 0.5...2, &stream)
      #expect(window.top >= 0 && window.left >= 0)
      #expect(window.top + window.height <= 60 && window.left + window.width <= 90)
      let form = Double(window.width) / Double(window.height)
      #expect(form > 0.47 && form < 2.1)
      areas.append(Double(window.height * window.width) / 5400)
    }
    #expect(areas.allSatisfy { $0 > 0.18 && $0 < 0.92 })
    #expect((areas.min() ?? 1) < 0.25 && (areas.max() ?? 0) > 0.8)
    // A strip that no ratio fits gives its middle.
    let strip = CropWindow.within(
      ImageShape(channels: 1, height: 10, width: 100), scale: 1...1, ratio: 0.75...1.25, &stream)
    #expect(strip == CropWindow(top: 0, left: 43, height: 10, width: 13))
  }

  @Test func mixedImagesAndTargetsHaveOneShare() {
    let pairs = Mixup(alpha: 0.4).pairs(6, stream: RandomStream(seed: 4))
    #expect(pairs.partners.sorted() == Array(0..<6))
    let images = (0..<6).flatMap { [Float($0), Float(10 * $0)] }
    var results = [Float](repeating: .nan, count: 12)
    images.withUnsafeBufferPointer { images in
      results.withUnsafeMutableBufferPointer {
        guard let images = images.baseAddress, let results = $0.baseAddress else { return }
        Mixup.apply(pairs, images, to: results, size: 2, pool: ThreadPool(threads: 2))
      }
    }
    let targets = pairs.targets([3, 1, 4, 1, 5, 0])
    for index in 0..<6 {
      let (share, partner) = (pairs.shares[index], Float(pairs.partners[index]))
      expectClose([results[2 * index]], [share * Float(index) + (1 - share) * partner])
      var row = [Double](repeating: .nan, count: 6)
      row.withUnsafeMutableBufferPointer { targets.write(index, to: $0) }
      #expect(abs(row.reduce(0, +) - 1) < 1e-6)
    }
  }

  @Test func distributionsHaveTheirMoments() {
    var stream = RandomStream(seed: 6)
    func moments(_ draw: (inout RandomStream) -> Double) -> (mean: Double, variance: Double) {
      let all = (0..<20_000).map { _ in draw(&stream) }
      let mean = all.reduce(0, +) / 20_000
      return (mean, all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000)
    }
    let normal = moments { $0.normal() }
    #expect(abs(normal.mean) < 0.03 && abs(normal.variance - 1) < 0.05)
    // Beta(a, a): mean 1/2, variance 1 / (4 (2a + 1)).
    for alpha in [0.01, 0.2, 1, 3] {
      let beta = moments { $0.beta(alpha) }
      #expect(abs(beta.mean - 0.5) < 0.02)
      #expect(abs(beta.variance - 1 / (4 * (2 * alpha + 1))) < 0.01)
    }
    let uniform = moments { Double($0.below(7)) }
    #expect(abs(uniform.mean - 3) < 0.06 && abs(uniform.variance - 4) < 0.1)
    // The published first numbers of SplitMix64 from seed 1234567.
    var known = RandomStream(seed: 1_234_567)
    #expect(known.next() == 6_457_827_717_110_365_317)
    #expect(known.next() == 3_203_168_211_198_807_973)
    #expect(known.stream(0) != known.stream(1))
  }
}
