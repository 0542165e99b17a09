public import ModelFormat

/// Why a data set, or one sample of it, cannot be read.
///
/// Every case names the file; `description` is one line that says what is wrong and the way out.
public enum DatasetError: Error, Hashable {
  /// Nothing is at `path`.
  case noSuchPath(String)
  /// The operating system refused to read or write a file.
  case file(FileError)
  /// The folder holds nothing that can be a sample.
  case emptyFolder(String)
  /// The folder holds samples beside folders of samples, so that labels are ambiguous.
  case mixedFolder(String)
  /// The folder holds several data sets; `files` are their names.
  case severalDatasets(path: String, files: [String])
  /// The file is of no kind that is read; `start` is its first bytes.
  case unknownKind(name: String, start: [UInt8])
  /// A line of a `labels.tsv`, counted from 1, is not a file name, a tab and a class index.
  case badLabelLine(path: String, line: Int)
  /// The label of one sample is not a class index.
  case badLabel(name: String)
  /// Images and labels are not equally many.
  case labelCount(images: String, imageCount: Int, labels: String, labelCount: Int)
  /// The bytes contradict their own format.
  case damaged(name: String, reason: String)
  /// The bytes are sound but use what is not read here; `remedy` is the way out.
  case unsupported(name: String, feature: String, remedy: String)
  /// The extents exceed a limit, which `limit` states.
  case tooLarge(name: String, extents: [Int], limit: String)
  /// There is no sample `index` in a data set of `count`.
  case noSample(path: String, index: Int, count: Int)
  /// No image can be made into an input of this shape; `reason` says why.
  case unsuitableInput(shape: Shape, reason: String)
  /// A parameter of the preprocessing has no meaning; `reason` says which.
  case unsuitablePreprocessing(name: String, reason: String)
  /// An image is smaller than the square that is to be cut out of it.
  case smallerThanCrop(width: Int, height: Int, crop: Int)
  /// The bytes given do not fit the shape, or the buffer given does not fit the elements.
  case sizeMismatch(expected: Int, actual: Int)
}
