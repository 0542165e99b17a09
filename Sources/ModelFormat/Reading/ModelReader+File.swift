#if !hasFeature(Embedded)
extension ModelReader {
  /// Opens the file at `path`; `workers` share out the digests.
  ///
  /// - Throws: `OpenError.file` where the file cannot be mapped, `.model` where it breaks a rule.
  /// - Complexity: one pass over the file, for the digests; memory for the graph alone.
  public static func open(
    path: String, workers: Workers? = nil
  ) throws(OpenError) -> ModelFile {
    let file: MappedFile.Shared
    do { file = MappedFile.Shared(try MappedFile(path: path)) } catch {
      throw .file(error)
    }
    do { return try read(Bytes(file), workers: workers) } catch { throw .model(path: path, error) }
  }
}

/// Why a file could not be opened.
public enum OpenError: Error, Hashable {
  case file(FileError)
  case model(path: String, ModelError)
}

extension OpenError: CustomStringConvertible {
  /// One line that names the file, the offset and the broken rule.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .model(let path, let error): "\(path): \(error)"
    }
  }
}
#endif
