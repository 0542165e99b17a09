import CImages
import ModelFormat

@testable import Datasets

/// What is fuzzed of images: decoding JPEG and PNG, and what a network's input is made of.
enum ImagesTarget {
  /// The most pixels that are decoded: larger images only take longer, up to `ImageDecoder.pixelLimit`.
  static let pixels = 1 << 20
  /// The most pixels of a side: a long one gets longer where the short one grows.
  static let side: UInt32 = 4096

  /// Decodes the image in `bytes` and brings it to a small input; returns the error in words, or nil.
  @discardableResult static func run(_ bytes: [UInt8]) -> String? {
    guard isSmall(bytes) else { return "large" }
    do throws(DatasetError) {
      let image = try ImageDecoder.decode(bytes, name: "fuzz")
      let shape: Shape = bytes.count % 2 == 0 ? [1, 3, 24, 24] : [1, 1, 17, 9]
      let preprocessing = Preprocessing(resize: 28, divisor: 255, mean: [0.5], deviation: [0.25])
      _ = try Preprocessor(preprocessing, inputShape: shape).tensor(from: image)
      return nil
    } catch { return "\(error)" }
  }

  /// Whether the image states few pixels; an unreadable header does.
  private static func isSmall(_ bytes: [UInt8]) -> Bool {
    var header = cimages_header()
    var message = [CChar](repeating: 0, count: Int(CIMAGES_MESSAGE_SIZE))
    let isPNG = bytes.first == 0x89
    bytes.withUnsafeBufferPointer { buffer in
      _ =
        isPNG
        ? cimages_png_header(buffer.baseAddress, buffer.count, &header, &message)
        : cimages_jpeg_header(buffer.baseAddress, buffer.count, &header, &message)
    }
    return header.width <= side && header.height <= side
      && Int(header.width) * Int(header.height) <= pixels
  }
}
