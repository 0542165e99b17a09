public import Interpreter
public import Kernels

/// Random changes of images that leave what they show: each image gives many samples.
public struct Augmentation: Sendable, Hashable {
  /// Which part of an image is taken.
  public enum Crop: Sendable, Hashable {
    /// The whole image, brought to the size that is asked for.
    case none
    /// One of the image's size, moved by up to so many pixels each way; what comes into sight is `fill`.
    case padded(Int, fill: Float = 0)
    /// A part of random area and of random width over height, brought to the size that is asked for.
    case resized(scale: ClosedRange<Double> = 0.08...1, ratio: ClosedRange<Double> = 0.75...1.3333)
  }

  /// Which part is taken.
  public var crop: Crop
  /// Whether every other image, by chance, is mirrored left to right.
  public var flips: Bool

  /// Changes of a kind.
  public init(crop: Crop = .none, flips: Bool = true) {
    self.crop = crop
    self.flips = flips
  }

  /// Writes `count` changed images of shape `to` for as many of shape `from`, both of as many channels.
  ///
  /// Image `i` draws from `stream.stream(i)`: what comes out depends on the stream alone. `.padded` keeps the
  /// top left where sizes differ.
  public func apply(
    _ images: UnsafePointer<Float>, _ from: ImageShape, to results: UnsafeMutablePointer<Float>,
    _ to: ImageShape, count: Int, stream: RandomStream, pool: ThreadPool
  ) {
    precondition(from.channels == to.channels, "images have other channels")
    pool.share(count) { _, range in
      for index in range {
        var stream = stream.stream(index)
        let isMirrored = flips && stream.next() >> 63 == 1
        var window = CropWindow(top: 0, left: 0, height: from.height, width: from.width)
        var outside: Float = 0
        switch crop {
        case .none: break
        case .padded(let padding, let fill):
          window = .padded(padding, to, &stream)
          outside = fill
        case .resized(let scale, let ratio):
          window = .within(from, scale: scale, ratio: ratio, &stream)
        }
        let resize = CropResize(from: from, to: to, window: window, isMirrored: isMirrored)
        resize(images + index * from.count, results + index * to.count, fill: outside)
      }
    }
  }
}
