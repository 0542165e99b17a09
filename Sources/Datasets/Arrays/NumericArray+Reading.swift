import ModelFormat

extension NumericArray {
  /// The array in the `.npy` file (versions 1 to 3) that `bytes` hold.
  ///
  /// - Throws: `DatasetError`, naming `name`, where the file is malformed or cut short, or holds
  ///   other elements than little-endian numbers and booleans in row-major order.
  public init(npy bytes: UnsafeRawBufferPointer, name: String) throws(DatasetError) {
    let header = try NPYHeader(bytes, name: name)
    try self.init(
      type: header.type, shape: header.shape,
      bytes: [UInt8](bytes.dropFirst(header.dataOffset)))
  }

  /// The arrays in the `.npz` file that `bytes` hold, by their names without `.npy`.
  ///
  /// Members that are no `.npy` files are left out.
  ///
  /// - Throws: `DatasetError`, naming `name`, where the archive or one of its arrays cannot be
  ///   read, or where it holds none.
  public static func arrays(
    npz bytes: UnsafeRawBufferPointer, name: String
  ) throws(DatasetError) -> [String: NumericArray] {
    let archive = try ZipArchive(bytes, name: name)
    var arrays: [String: NumericArray] = [:]
    for member in archive.members where member.name.hasSuffix(".npy") {
      let contents = try archive.contents(of: member)
      let array = try contents.withRawBytes { (buffer) throws(DatasetError) in
        try NumericArray(npy: buffer, name: "\(name): \(member.name)")
      }
      guard arrays.updateValue(array, forKey: String(member.name.dropLast(4))) == nil else {
        throw .damaged(name: name, reason: "it holds \(member.name) twice")
      }
    }
    guard !arrays.isEmpty else {
      throw .unsupported(
        name: name, feature: "a zip archive without .npy members",
        remedy: "save arrays by numpy.savez, or images as a folder or tar")
    }
    return arrays
  }

  /// The array in the `.npy` file at `path`.
  ///
  /// - Throws: `DatasetError`; see `init(npy:name:)`.
  public init(npyAt path: String) throws(DatasetError) {
    self = try Bytes(mapping: path).withUnsafeBytes { (buffer) throws(DatasetError) in
      try NumericArray(npy: buffer, name: path)
    }
  }

  /// The arrays in the `.npz` file at `path`.
  ///
  /// - Throws: `DatasetError`; see `arrays(npz:name:)`.
  public static func arrays(npzAt path: String) throws(DatasetError) -> [String: NumericArray] {
    try Bytes(mapping: path).withUnsafeBytes { (buffer) throws(DatasetError) in
      try arrays(npz: buffer, name: path)
    }
  }
}

extension Bytes {
  /// The bytes of the file at `path`, mapped rather than read.
  init(mapping path: String) throws(DatasetError) {
    let file: MappedFile
    do throws(FileError) { file = try MappedFile(path: path) } catch { throw .file(error) }
    let count = file.count
    self.init(MappedFile.Shared(file), 0..<count)
  }
}
