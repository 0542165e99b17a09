import ModelFormat

/// The gray images of an IDX file (MNIST's format) and the labels of the file beside it.
struct IDXSource: SampleSource {
  private let fileName: String
  private let images: IDXArray
  private let labels: IDXArray?

  /// The images of `images`, labelled by `labels` where there are any.
  ///
  /// - Throws: `DatasetError` where these are no images of acceptable size, or where there are not
  ///   as many labels.
  init(
    images: IDXArray, labels: IDXArray?, path: String, fileName: String
  ) throws(DatasetError) {
    guard images.extents.count == 3 else {
      throw .unsupported(
        name: path, feature: "an IDX file of \(images.extents.count) dimensions as images",
        remedy: "name the images-idx3 file; labels are found beside it")
    }
    let sides = 1...ImageDecoder.sideLimit
    let (height, width) = (images.extents[1], images.extents[2])
    guard sides.contains(height), sides.contains(width), width * height <= ImageDecoder.pixelLimit
    else {
      throw .tooLarge(name: path, extents: [width, height], limit: ImageDecoder.limitText)
    }
    guard images.extents[0] > 0 else {
      throw .damaged(name: path, reason: "it holds no images")
    }
    if let labels, labels.extents != [images.extents[0]] {
      throw .labelCount(
        images: path, imageCount: images.extents[0], labels: labels.name,
        labelCount: labels.extents.count == 1 ? labels.extents[0] : 0)
    }
    self.images = images
    self.labels = labels
    self.fileName = fileName
  }

  var count: Int { images.extents[0] }

  func name(at index: Int) -> String { "\(fileName)[\(index)]" }

  func sample(at index: Int) throws(DatasetError) -> Sample {
    let (height, width) = (images.extents[1], images.extents[2])
    let image = try Image(
      width: width, height: height, channels: 1,
      pixels: images.elements(from: index * height * width, count: height * width))
    return Sample(
      name: name(at: index), label: labels?.elements(from: index, count: 1).first.map(Int.init),
      content: .image(image))
  }
}
