/// The size of images, and how their numbers lie in memory.
public struct ImageShape: Sendable, Hashable {
  /// The order of the numbers of one image.
  public enum Order: Sendable, Hashable {
    /// Plane by plane.
    case channelsFirst
    /// Pixel by pixel.
    case channelsLast
  }

  /// Extents.
  public var channels: Int, height: Int, width: Int
  /// The order in memory.
  public var order: Order

  /// A size, all extents above zero.
  public init(channels: Int, height: Int, width: Int, order: Order = .channelsFirst) {
    self.channels = channels
    self.height = height
    self.width = width
    self.order = order
  }

  /// Numbers of one image.
  public var count: Int { channels * height * width }

  /// Elements from one pixel of a row to the next.
  var step: Int { order == .channelsLast ? channels : 1 }
  /// Elements from one row to the next.
  var pitch: Int { width * step }
  /// Elements from one channel of a pixel to the next.
  var plane: Int { order == .channelsLast ? 1 : height * width }
}
