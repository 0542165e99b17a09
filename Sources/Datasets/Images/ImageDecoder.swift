import CImages

/// Decoding of JPEG and PNG images to the pixels that Pillow gives.
///
/// Gray images stay gray, palettes become colors, and alpha is dropped. 16-bit PNGs keep the upper
/// 8 bits. The orientation that a camera noted in a JPEG is not applied, as in `PIL.Image.open`.
public enum ImageDecoder {
  /// The largest number of pixels of an image, 64 Mi: room for any camera, and at most 192 MiB.
  public static let pixelLimit = 64 << 20
  /// The largest width and height in pixels: what JPEG can express.
  public static let sideLimit = 65_535

  static let limitText = "1 to \(sideLimit) pixels a side and \(pixelLimit) pixels in all"

  private typealias HeaderReader = (
    UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<cimages_header>?, UnsafeMutablePointer<CChar>?
  ) -> Int32
  private typealias PixelReader = (
    UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?, Int, UnsafeMutablePointer<CChar>?
  ) -> Int32

  /// The image that `bytes` encode; the format is told by the first bytes, not by `name`.
  ///
  /// - Throws: `DatasetError`, naming `name`, where the bytes are neither JPEG nor PNG, are damaged
  ///   or cut short, have CMYK colors, or exceed the limits on size.
  public static func decode(
    _ bytes: UnsafeRawBufferPointer, name: String
  ) throws(DatasetError) -> Image {
    switch FileFormat(bytes) {
    case .jpeg:
      try decode(bytes, name, header: cimages_jpeg_header, pixels: cimages_jpeg_pixels)
    case .png:
      try decode(bytes, name, header: cimages_png_header, pixels: cimages_png_pixels)
    default:
      throw .unsupported(
        name: name, feature: "an image other than JPEG and PNG", remedy: "convert it to PNG")
    }
  }

  /// The image that `bytes` encode; see `decode(_:name:)` for raw memory.
  ///
  /// - Throws: `DatasetError`, naming `name`.
  public static func decode(_ bytes: [UInt8], name: String) throws(DatasetError) -> Image {
    try bytes.withRawBytes { (buffer) throws(DatasetError) in try decode(buffer, name: name) }
  }

  private static func decode(
    _ bytes: UnsafeRawBufferPointer, _ name: String, header readHeader: HeaderReader,
    pixels readPixels: PixelReader
  ) throws(DatasetError) -> Image {
    let source = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    var header = cimages_header()
    try check(name) { readHeader(source, bytes.count, &header, $0) }
    let (width, height) = (Int(header.width), Int(header.height))
    // The sides come first: their product cannot overflow then.
    let sides = 1...sideLimit
    guard sides.contains(width), sides.contains(height), width * height <= pixelLimit else {
      throw .tooLarge(name: name, extents: [width, height], limit: limitText)
    }
    let size = width * height * Int(header.channels)
    var pixels = [UInt8](repeating: 0, count: size)
    try check(name) { message in
      pixels.withUnsafeMutableBufferPointer {
        readPixels(source, bytes.count, $0.baseAddress, size, message)
      }
    }
    return try Image(
      width: width, height: height, channels: Int(header.channels), pixels: pixels)
  }

  /// Runs one of the C functions and turns what it reports into an error.
  private static func check(
    _ name: String, _ body: (UnsafeMutablePointer<CChar>?) -> Int32
  ) throws(DatasetError) {
    var message = [CChar](repeating: 0, count: Int(CIMAGES_MESSAGE_SIZE))
    let status = message.withUnsafeMutableBufferPointer { body($0.baseAddress) }
    guard status != Int32(CIMAGES_OK) else { return }
    let text = String(
      decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    if status == Int32(CIMAGES_UNSUPPORTED) {
      throw .unsupported(name: name, feature: text, remedy: "convert it to RGB or gray")
    }
    throw .damaged(name: name, reason: text)
  }
}
