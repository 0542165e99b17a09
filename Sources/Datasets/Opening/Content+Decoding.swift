import ModelFormat

extension Sample.Content {
  /// The image or arrays that `bytes` encode: JPEG, PNG, `.npy` or `.npz`, told by the first bytes.
  ///
  /// - Throws: `DatasetError`, naming `name`.
  init(decoding bytes: UnsafeRawBufferPointer, name: String) throws(DatasetError) {
    switch FileFormat(bytes) {
    case .jpeg, .png: self = .image(try ImageDecoder.decode(bytes, name: name))
    case .npy: self = .array(try NumericArray(npy: bytes, name: name))
    case .zip: self = .tensors(try NumericArray.arrays(npz: bytes, name: name))
    default: throw .unknownKind(name: name, start: [UInt8](bytes.prefix(4)))
    }
  }

  /// The image or arrays in the file at `path`.
  ///
  /// - Throws: `DatasetError`, naming the path.
  init(decodingFileAt path: String) throws(DatasetError) {
    self = try Bytes(mapping: path).withUnsafeBytes { (buffer) throws(DatasetError) in
      try Sample.Content(decoding: buffer, name: path)
    }
  }
}
