/// A decoded image: rows from top to bottom, 8 bits for each channel of each pixel.
public struct Image: Hashable, Sendable {
  /// Pixels in one row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// 1 (gray) or 3 (red, green, blue).
  public let channels: Int
  /// `height * width * channels` values, row by row, the channels of a pixel side by side.
  public let pixels: [UInt8]

  /// An image of the given pixels.
  ///
  /// - Throws: `DatasetError` where there are not 1 or 3 channels, an extent is not positive or
  ///   exceeds `ImageDecoder.sideLimit`, or the pixels are not `width * height * channels`.
  public init(
    width: Int, height: Int, channels: Int, pixels: [UInt8]
  ) throws(DatasetError) {
    guard channels == 1 || channels == 3 else {
      throw .unsupported(
        name: "image", feature: "\(channels) channels", remedy: "give 1 (gray) or 3 (RGB)")
    }
    let sides = 1...ImageDecoder.sideLimit
    guard sides.contains(width), sides.contains(height) else {
      throw .tooLarge(name: "image", extents: [width, height], limit: ImageDecoder.limitText)
    }
    guard width * height * channels == pixels.count else {
      throw .sizeMismatch(expected: width * height * channels, actual: pixels.count)
    }
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }
}
