import ModelFormat

/// The items of a batch in one `.npy` file as samples of their own, each with a batch extent of 1.
struct ArraySource: SampleSource {
  private let file: Bytes
  private let fileName: String
  private let header: NPYHeader

  /// The items of the array in `file`, or nil where it is not an array of several.
  ///
  /// - Throws: `DatasetError`, naming `path`, where it is no `.npy` file that can be read.
  init?(_ file: Bytes, path: String, fileName: String) throws(DatasetError) {
    header = try file.withUnsafeBytes { (buffer) throws(DatasetError) in
      try NPYHeader(buffer, name: path)
    }
    guard let first = header.shape.dimensions.first, first > 1, header.dataSize > 0 else {
      return nil
    }
    self.file = file
    self.fileName = fileName
  }

  var count: Int { header.shape[0] }

  func name(at index: Int) -> String { "\(fileName)[\(index)]" }

  func sample(at index: Int) throws(DatasetError) -> Sample {
    // The header was compared with the size of the file: every item lies within it.
    let size = header.dataSize / count
    let bytes = file.withUnsafeBytes { buffer in
      [UInt8](buffer.dropFirst(header.dataOffset + index * size).prefix(size))
    }
    var shape = header.shape
    shape[0] = 1
    let array = try NumericArray(type: header.type, shape: shape, bytes: bytes)
    return Sample(name: name(at: index), content: .array(array))
  }
}
