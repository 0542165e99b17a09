public import ModelFormat

/// The way from an image to the elements of one item of a model's input batch.
///
/// The steps are those of an evaluation by Pillow and numpy, in every bit: to gray where the model
/// has one channel, resize of the short side, centered crop, resize to the model's extents where
/// they still differ, scaling, mean, deviation, order of channels and dimensions. Resizing is
/// bilinear with antialiasing. Where the model has three channels, a gray image fills them all.
public struct Preprocessor: Sendable {
  /// The steps and their parameters.
  public let preprocessing: Preprocessing
  /// The shape of the model's input; its first extent is the batch.
  public let inputShape: Shape
  /// The elements of one item of the batch: channels times height times width.
  public var elementCount: Int { layout.channels * layout.height * layout.width }

  private let layout: InputLayout
  private let scale: PixelScale

  /// The preprocessing for a model input of `inputShape`, for example `[1, 3, 224, 224]`.
  ///
  /// - Throws: `DatasetError.unsuitableInput` where the shape is not that of an image in the layout
  ///   of the preprocessing; `unsuitablePreprocessing` where a parameter has no meaning.
  public init(_ preprocessing: Preprocessing, inputShape: Shape) throws(DatasetError) {
    self.preprocessing = preprocessing
    self.inputShape = inputShape
    layout = try InputLayout(inputShape, preprocessing.layout)
    scale = try PixelScale(preprocessing, channels: layout.channels)
    for side in [preprocessing.resize, preprocessing.crop] {
      if let side, !(1...ImageDecoder.sideLimit).contains(side) {
        throw .unsuitablePreprocessing(
          name: preprocessing.name, reason: "a side of \(side) pixels; 1 to 65535 make sense")
      }
    }
  }

  /// The elements of one item of the batch, in the model's layout.
  ///
  /// - Throws: `DatasetError` where the image is smaller than the crop, or where its resized form
  ///   exceeds `ImageDecoder.pixelLimit`.
  public func tensor(from image: Image) throws(DatasetError) -> [Float] {
    let raster = try geometry(of: image)
    return [Float](unsafeUninitializedCapacity: elementCount) { output, count in
      scale(raster, into: output)
      count = elementCount
    }
  }

  /// Writes the elements of one item of the batch to `output`, which has `elementCount` of them.
  ///
  /// - Parameter view: how the image is looked at; centered unless stated.
  /// - Throws: `DatasetError` as `tensor(from:)` does, and where `output` has another size.
  public func write(
    _ image: Image, view: ImageView = ImageView(), into output: UnsafeMutableBufferPointer<Float>
  ) throws(DatasetError) {
    guard output.count == elementCount else {
      throw .sizeMismatch(expected: elementCount, actual: output.count)
    }
    if view == ImageView() {
      scale(try geometry(of: image), into: output)
    } else {
      scale(try geometry(of: image, seen: view), isMirrored: view.isMirrored, into: output)
    }
  }

  /// The pixels after the change to gray, resizing and cropping: as many as the model takes.
  private func geometry(of image: Image) throws(DatasetError) -> Raster {
    let isGray = layout.channels == 1 || preprocessing.color == .gray
    let source = isGray ? Raster(image).luma() : Raster(image)
    let (width, height) = try resizedExtents(of: source)
    var (columns, rows) = (0..<width, 0..<height)
    if let crop = preprocessing.crop {
      guard crop <= width, crop <= height else {
        throw .smallerThanCrop(width: width, height: height, crop: crop)
      }
      let (left, top) = ((width - crop) / 2, (height - crop) / 2)
      (columns, rows) = (left..<(left + crop), top..<(top + crop))
    }
    guard columns.count * rows.count <= ImageDecoder.pixelLimit else {
      throw .tooLarge(
        name: "resized image", extents: [width, height], limit: ImageDecoder.limitText)
    }
    let cut = source.resized(width: width, height: height, columns: columns, rows: rows)
    return cut.resized(width: layout.width, height: layout.height)
  }

  /// The pixels of another look: a rectangle of the source of the same form, resized in one step.
  private func geometry(of image: Image, seen view: ImageView) throws(DatasetError) -> Raster {
    let isGray = layout.channels == 1 || preprocessing.color == .gray
    let source = isGray ? Raster(image).luma() : Raster(image)
    let (width, height) = try resizedExtents(of: source)
    // The part of the source that a centered crop shows.
    let seen = preprocessing.crop.map { (Double($0) / Double(width), Double($0) / Double(height)) }
    func range(_ side: Int, _ part: Double, _ place: Double) -> Range<Int> {
      let count = max(1, min(side, Int((Double(side) * part * view.extent).rounded())))
      let start = Double(side - count) * (1 + min(max(place, -1), 1)) / 2
      let first = min(side - count, Int(start.rounded()))
      return first..<first + count
    }
    let part = source.cropped(
      columns: range(source.width, seen?.0 ?? 1, view.horizontal),
      rows: range(source.height, seen?.1 ?? 1, view.vertical))
    return part.resized(width: layout.width, height: layout.height)
  }

  /// The extents after resizing the short side.
  ///
  /// Halves round to even, as in Python.
  private func resizedExtents(of source: Raster) throws(DatasetError) -> (Int, Int) {
    let short = min(source.width, source.height)
    guard let resize = preprocessing.resize, resize != short else {
      return (source.width, source.height)
    }
    // No overflow: all of them are 65,535 at most.
    func extent(_ side: Int) -> Int {
      Int((Double(side * resize) / Double(short)).rounded(.toNearestOrEven))
    }
    return (extent(source.width), extent(source.height))
  }

  /// Looks up the value of every pixel and puts it where the model expects it.
  private func scale(
    _ raster: Raster, isMirrored: Bool = false, into output: UnsafeMutableBufferPointer<Float>
  ) {
    let (channels, width, height) = (layout.channels, layout.width, layout.height)
    precondition(raster.width == width && raster.height == height)
    precondition(output.count == channels * width * height)
    let isPlanar = layout.layout == .nchw
    let step = (isPlanar ? 1 : channels) * (isMirrored ? -1 : 1)
    let first = isMirrored ? width - 1 : 0
    raster.pixels.withUnsafeBufferPointer { pixels in
      scale.table.withUnsafeBufferPointer { table in
        for channel in 0..<channels {
          let values = UnsafeBufferPointer(rebasing: table[(256 * channel)..<(256 * channel + 256)])
          for y in 0..<height {
            var source = raster.offset + y * raster.stride + sourceChannel(channel, raster)
            var target =
              isPlanar
              ? (channel * height + y) * width + first : (y * width + first) * channels + channel
            for _ in 0..<width {
              output[target] = values[Int(pixels[source])]
              source &+= raster.channels
              target &+= step
            }
          }
        }
      }
    }
  }

  /// The channel of the pixels that the model's `channel` is made of.
  private func sourceChannel(_ channel: Int, _ raster: Raster) -> Int {
    guard raster.channels == 3 else { return 0 }
    return preprocessing.color == .bgr ? 2 - channel : channel
  }
}
