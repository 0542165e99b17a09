import ModelFormat

/// Where the channels, rows and columns of a model's image input lie.
struct InputLayout: Hashable {
  let channels: Int
  let height: Int
  let width: Int
  let layout: Preprocessing.Layout

  /// The layout of an input of `shape`, whose first dimension is the batch.
  ///
  /// - Throws: `DatasetError.unsuitableInput` where it has not 4 dimensions, has not 1 or 3
  ///   channels, or exceeds the limits on images.
  init(_ shape: Shape, _ layout: Preprocessing.Layout) throws(DatasetError) {
    guard shape.rank == 4 else {
      throw .unsuitableInput(
        shape: shape, reason: "it has \(shape.rank) dimensions instead of 4; feed it .npy files")
    }
    let order = layout == .nchw ? [1, 2, 3] : [3, 1, 2]
    let other: Preprocessing.Layout = layout == .nchw ? .nhwc : .nchw
    channels = shape[order[0]]
    height = shape[order[1]]
    width = shape[order[2]]
    self.layout = layout
    guard channels == 1 || channels == 3 else {
      throw .unsuitableInput(
        shape: shape,
        reason: "as \(layout.rawValue) it has \(channels) channels instead of 1 or 3; "
          + "if it is \(other.rawValue), say so, else feed it .npy files")
    }
    let sides = 1...ImageDecoder.sideLimit
    guard sides.contains(height), sides.contains(width), height * width <= ImageDecoder.pixelLimit
    else {
      throw .unsuitableInput(shape: shape, reason: "images have \(ImageDecoder.limitText)")
    }
  }
}
