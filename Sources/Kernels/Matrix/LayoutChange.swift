import CKernels

/// Changes of the order of channels and pixels.
public enum LayoutChange {
  /// Writes `y` [batch][pixels][channels] from `x` [batch][channels][pixels], float32.
  public static func channelsLast(
    _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, batch: Int, channels: Int,
    pixels: Int
  ) {
    for image in 0..<batch {
      let at = image * channels * pixels
      pare_transpose(channels, pixels, 4, x + at, y + at)
    }
  }

  /// Writes `y` [batch][pixels][channels] from `x` [batch][channels][pixels], uint8.
  public static func channelsLast(
    _ x: UnsafePointer<UInt8>, to y: UnsafeMutablePointer<UInt8>, batch: Int, channels: Int,
    pixels: Int
  ) {
    for image in 0..<batch {
      let at = image * channels * pixels
      pare_transpose(channels, pixels, 1, x + at, y + at)
    }
  }

  /// Writes `y` [batch][channels][pixels] from `x` [batch][pixels][channels], float32.
  public static func channelsFirst(
    _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, batch: Int, channels: Int,
    pixels: Int
  ) {
    channelsLast(x, to: y, batch: batch, channels: pixels, pixels: channels)
  }

  /// Writes `y` [batch][channels][pixels] from `x` [batch][pixels][channels], uint8.
  public static func channelsFirst(
    _ x: UnsafePointer<UInt8>, to y: UnsafeMutablePointer<UInt8>, batch: Int, channels: Int,
    pixels: Int
  ) {
    channelsLast(x, to: y, batch: batch, channels: pixels, pixels: channels)
  }
}
