/// Opens a file: verifies every rule of docs/Format.md, then hands out the model.
///
/// There is no other way to read a file, and no switch that leaves a check out. Tensors point into the
/// given bytes, which for a mapped file means that weights are never copied.
public enum ModelReader {
  /// Reads a whole file that lies in memory; `workers` share out the digests.
  public static func read(
    _ bytes: Bytes, workers: Workers? = nil
  ) throws(ModelError) -> ModelFile {
    let result: Result<ModelFile, ModelError>
    do throws(ModelError) { result = .success(try verified(bytes, workers)) } catch {
      result = .failure(error)
    }
    #if !hasFeature(Embedded)
    // What is lost reads as zeros, and breaks some rule or none.
    guard !bytes.isLost else {
      throw ModelError(.fileSize, at: V1.Header.fileSize, "", "it was cut while it was read")
    }
    #endif
    return try result.get()
  }

  private static func verified(
    _ bytes: Bytes, _ workers: Workers?
  ) throws(ModelError) -> ModelFile {
    try bytes.withUnsafeBytes { (buffer) throws(ModelError) in
      let directory = try Directory(buffer.bytes, byteCount: buffer.count)
      let names = try NameTable(
        directory.span(.names, in: buffer), base: directory[.names].offset)
      let tensors = try TensorReader(directory, names, bytes).read(buffer, workers)
      var graph = try ValueReader(directory, names, tensors.tensors, tensors.places).read(buffer)
      try GraphReader(directory, names).read(buffer, into: &graph)
      let metadata = directory[.metadata]
      let model = Model(
        graph: graph,
        metadata: bytes.slice(metadata.offset..<(metadata.offset + metadata.size)) ?? Bytes([]),
        release: directory.release, signature: directory.signature,
        ancillary: directory.unknown.compactMap { section in
          bytes.slice(section.offset..<(section.offset + section.size)).map {
            AncillarySection(kind: section.kind, bytes: $0)
          }
        })
      return ModelFile(
        model: model, byteCount: bytes.count, digest: directory.digest,
        signedBytes: directory.signedBytes,
        version: (Int(directory.major), Int(directory.minor)), regions: directory.regions,
        tensorPlaces: tensors.places)
    }
  }

  /// Whether `bytes` begin as a `.pare` file does.
  public static func hasMagic(_ bytes: Bytes) -> Bool {
    bytes.count >= V1.magic.count
      && bytes.withUnsafeBytes { $0.prefix(V1.magic.count).elementsEqual(V1.magic) }
  }
}

/// A model together with where its parts lie in the file.
public struct ModelFile: Sendable {
  /// One part of the file; all of them together are the file.
  public struct Region: Sendable, Hashable {
    /// What lies there: `header`, `section table`, a section's name, `padding`.
    public let name: String
    /// The offset from the start of the file.
    public let offset: Int
    /// The size in bytes.
    public let size: Int
  }

  /// Where one tensor lies.
  public struct TensorPlace: Sendable, Hashable {
    /// The name of the first value that it belongs to.
    public let name: String
    /// The offset of its first stream.
    public let offset: Int
    /// Bytes of the positions stream.
    public let positions: Int
    /// Bytes of the values stream.
    public let values: Int
    /// Bytes of scales and zero points.
    public let scales: Int
    /// Bytes from its start to the end of its last stream, the padding between streams included.
    public let span: Int
    /// The SHA-256 digest of its streams.
    public let digest: [UInt8]
    /// Its streams in order, without the padding between them.
    public let streams: [Stream]
  }

  /// A stretch of elements of one size.
  public struct Stream: Sendable, Hashable {
    /// `positions`, `values` or `scales`.
    public let name: String
    /// The offset from the start of the file.
    public let offset: Int
    /// The size in bytes; not zero.
    public let size: Int
    /// The bytes of an element.
    public let width: Int
  }

  /// The content.
  public let model: Model
  /// The size of the file.
  public let byteCount: Int
  /// The SHA-256 digest of header and section table, which reach every other byte by digests.
  public let digest: [UInt8]
  /// Header and section table: what a signature is made of, behind `ModelSignature.context`.
  public let signedBytes: [UInt8]
  /// The format's version that the file was written in.
  public let version: (major: Int, minor: Int)
  /// The parts of the file in order, without holes.
  public let regions: [Region]
  /// Where tensors lie, in the order of their records.
  public let tensorPlaces: [TensorPlace]
}
