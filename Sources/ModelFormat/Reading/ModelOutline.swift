/// What the directory of a file says: everything but graph and data.
///
/// Header, section table, the digests of all sections but the data, names and the records of tensors were
/// verified. The data was not read: no tensor is handed out, and nothing can be run.
public struct ModelOutline: Sendable {
  /// What a record says about a tensor.
  public struct TensorEntry: Sendable {
    /// The type of the stored elements.
    public let type: ElementType
    /// How the elements are laid out.
    public let encoding: Encoding
    /// The extents.
    public let shape: Shape
    /// Elements that are not zero, as the record states.
    public let nonzeroCount: Int
    /// Its name, and where it lies.
    public let place: ModelFile.TensorPlace
  }

  /// The size of the file.
  public let byteCount: Int
  /// The format's version that the file was written in.
  public let version: (major: Int, minor: Int)
  /// A number that rises with each release of a model; zero where nobody counts.
  public let release: UInt64
  /// The SHA-256 digest of header and section table, which reach every other byte by digests.
  public let digest: [UInt8]
  /// The parts of the file in order, without holes.
  public let regions: [ModelFile.Region]
  /// How many values and nodes the graph has.
  public let counts: (values: Int, nodes: Int)
  /// The tensors in the order of their data.
  public let tensors: [TensorEntry]
}

extension ModelReader {
  /// The outline of a file of `byteCount` bytes, of which `head` are those before the data, or more.
  public static func outline(_ head: Bytes, byteCount: Int) throws(ModelError) -> ModelOutline {
    try head.withUnsafeBytes { (buffer) throws(ModelError) in
      let directory = try Directory(buffer.bytes, byteCount: byteCount)
      let names = try NameTable(
        directory.span(.names, in: buffer), base: directory[.names].offset)
      let records = try TensorReader(directory, names, head).records(buffer)
      return ModelOutline(
        byteCount: byteCount, version: (Int(directory.major), Int(directory.minor)),
        release: directory.release, digest: directory.digest, regions: directory.regions,
        counts: (directory.counts.values, directory.counts.nodes),
        tensors: records.map { record in
          ModelOutline.TensorEntry(
            type: record.type, encoding: record.encoding, shape: record.shape,
            nonzeroCount: record.nonzero, place: record.place)
        })
    }
  }

  #if !hasFeature(Embedded)
  /// The outline of the file at `path`.
  ///
  /// - Throws: `OpenError.file` where the file cannot be mapped, `.model` where it breaks a rule.
  /// - Complexity: what lies before the data is mapped and read, and nothing else, however large the file.
  public static func outline(path: String) throws(OpenError) -> ModelOutline {
    let file: MappedFile.Shared
    do throws(FileError) {
      let start = MappedFile.Shared(try MappedFile(path: path, first: Directory.mostTableBytes))
      let size = Directory.headSize(start.buffer, byteCount: start.fileByteCount)
      file = size <= start.count ? start : .init(try MappedFile(path: path, first: size))
    } catch { throw .file(error) }
    let result: Result<ModelOutline, ModelError>
    do throws(ModelError) {
      result = .success(try outline(Bytes(file), byteCount: file.fileByteCount))
    } catch { result = .failure(error) }
    if file.isLost { throw .file(.lost(path: path)) }
    do throws(ModelError) { return try result.get() } catch { throw .model(path: path, error) }
  }
  #endif
}
