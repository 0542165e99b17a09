/// How an image becomes an input tensor: resize, crop, order of channels, scale, mean, deviation.
///
/// A pixel `p` in 0…255 becomes `(p / divisor - mean[c]) / deviation[c]`.
public struct Preprocessing: Hashable, Sendable {
  /// The order of color channels that the model expects.
  public enum Color: String, Sendable, CaseIterable { case rgb, bgr, gray }
  /// The order of dimensions that the model expects: `nchw` or `nhwc`.
  public enum Layout: String, Sendable, CaseIterable { case nchw, nhwc }

  /// The preset's name, or `custom`.
  public var name: String
  /// The short side after resizing, in pixels; nil leaves the image as it is.
  public var resize: Int?
  /// The side of the centered square that is cut out, in pixels; nil keeps the whole image.
  public var crop: Int?
  /// The divisor that takes pixels to the unit that `mean` and `deviation` are in.
  public var divisor: Float
  /// The mean of each channel, in the model's channel order; one entry serves all channels.
  public var mean: [Float]
  /// The deviation of each channel; one entry serves all channels.
  public var deviation: [Float]
  /// The channel order.
  public var color: Color
  /// The order of dimensions.
  public var layout: Layout

  /// A preprocessing with the given steps; the defaults leave pixels as they are.
  public init(
    name: String = "custom", resize: Int? = nil, crop: Int? = nil, divisor: Float = 1,
    mean: [Float] = [0], deviation: [Float] = [1], color: Color = .rgb, layout: Layout = .nchw
  ) {
    self.name = name
    self.resize = resize
    self.crop = crop
    self.divisor = divisor
    self.mean = mean
    self.deviation = deviation
    self.color = color
    self.layout = layout
  }

  /// The presets of the command line, in the order that help lists them.
  public static let presets: [Preprocessing] = [
    Preprocessing(
      name: "imagenet", resize: 256, crop: 224, divisor: 255, mean: [0.485, 0.456, 0.406],
      deviation: [0.229, 0.224, 0.225]),
    Preprocessing(
      name: "signed", resize: 256, crop: 224, divisor: 255, mean: [0.5], deviation: [0.5]),
    Preprocessing(
      name: "cifar10", divisor: 255, mean: [0.4914, 0.4822, 0.4465],
      deviation: [0.2470, 0.2435, 0.2616]),
    Preprocessing(name: "unit", divisor: 255),
    Preprocessing(name: "mnist", divisor: 255, mean: [0.1307], deviation: [0.3081]),
    Preprocessing(name: "raw"),
  ]
}
