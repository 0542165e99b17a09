import Interpreter

/// A part of an image, which may reach beyond it.
struct CropWindow: Hashable {
  var top: Int, left: Int, height: Int, width: Int

  /// A window of an image's own size, moved by up to `padding` pixels each way.
  static func padded(_ padding: Int, _ shape: ImageShape, _ stream: inout RandomStream)
    -> CropWindow
  {
    CropWindow(
      top: stream.below(2 * padding + 1) - padding, left: stream.below(2 * padding + 1) - padding,
      height: shape.height, width: shape.width)
  }

  /// A window of random area and form within an image (Szegedy et al., 2015; the draws and the way out are those
  /// of torchvision's RandomResizedCrop).
  ///
  /// - Parameters:
  ///   - scale: the part of the image's area.
  ///   - ratio: width over height, drawn evenly by its logarithm.
  static func within(
    _ shape: ImageShape, scale: ClosedRange<Double>, ratio: ClosedRange<Double>,
    _ stream: inout RandomStream
  ) -> CropWindow {
    let area = Double(shape.height * shape.width)
    let (narrow, wide) = (
      Double.logarithm(ratio.lowerBound), Double.logarithm(ratio.upperBound)
    )
    for _ in 0..<10 {
      let part =
        area * (scale.lowerBound + (scale.upperBound - scale.lowerBound) * stream.uniform())
      let form = Double.exponential(narrow + (wide - narrow) * stream.uniform())
      let width = Int((part * form).squareRoot().rounded())
      let height = Int((part / form).squareRoot().rounded())
      guard (1...shape.width).contains(width), (1...shape.height).contains(height) else { continue }
      return CropWindow(
        top: stream.below(shape.height - height + 1), left: stream.below(shape.width - width + 1),
        height: height, width: width)
    }
    // None fits: the middle, as much of it as the ratio allows.
    let form = Double(shape.width) / Double(shape.height)
    var window = CropWindow(top: 0, left: 0, height: shape.height, width: shape.width)
    if form < ratio.lowerBound {
      window.height = min(
        shape.height, Int((Double(shape.width) / ratio.lowerBound).rounded()))
    } else if form > ratio.upperBound {
      window.width = min(shape.width, Int((Double(shape.height) * ratio.upperBound).rounded()))
    }
    window.top = (shape.height - window.height) / 2
    window.left = (shape.width - window.width) / 2
    return window
  }
}
