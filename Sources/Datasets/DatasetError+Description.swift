import ModelFormat

extension DatasetError: CustomStringConvertible {
  /// One line: the file, what is wrong, and the way out where there is one.
  public var description: String {
    switch self {
    case .noSuchPath(let path):
      "\(path): no such file or folder"
    case .file(let error):
      error.description
    case .emptyFolder(let path):
      "\(path): no images, .npy or .npz files in this folder; it may hold them, one folder of them "
        + "per class, or labels.tsv"
    case .mixedFolder(let path):
      "\(path): holds images or arrays beside folders of them; move them into the folder of their "
        + "class, or name the folder that is meant"
    case .severalDatasets(let path, let files):
      "\(path): holds several data sets; name one of them: \(files.joined(separator: ", "))"
    case .unknownKind(let name, let start):
      "\(name): is none of JPEG, PNG, .npy, .npz, WebDataset .tar and IDX; it begins with "
        + start.map(Self.hexadecimal).joined(separator: " ")
    case .badLabelLine(let path, let line):
      "\(path), line \(line): should be a file name, a tab and a class index (0, 1, ...)"
    case .badLabel(let name):
      "\(name): should be a class index (0, 1, ...) in digits"
    case .labelCount(let images, let imageCount, let labels, let labelCount):
      "\(labels): has \(labelCount) labels for \(imageCount) images in \(images)"
    case .damaged(let name, let reason):
      "\(name): is damaged: \(reason)"
    case .unsupported(let name, let feature, let remedy):
      "\(name): \(feature) cannot be read; \(remedy)"
    case .tooLarge(let name, let extents, let limit):
      "\(name): \(extents.map(String.init).joined(separator: "x")) is too large; the limit is "
        + limit
    case .noSample(let path, let index, let count):
      "\(path): has no sample \(index); it has \(count), counted from 0"
    case .unsuitableInput(let shape, let reason):
      "input \(shape) cannot take this: \(reason)"
    case .unsuitablePreprocessing(let name, let reason):
      "preprocessing '\(name)': \(reason)"
    case .smallerThanCrop(let width, let height, let crop):
      "an image of \(width)x\(height) is smaller than the \(crop)x\(crop) that preprocessing cuts "
        + "out of it; resize it first"
    case .sizeMismatch(let expected, let actual):
      "\(actual) values or bytes were given where \(expected) are needed"
    }
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}
