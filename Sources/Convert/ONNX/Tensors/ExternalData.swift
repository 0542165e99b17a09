import ModelFormat

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The files beside a model that hold tensors which are not in the model file itself.
///
/// A model may name files of its own folder and of folders below it, and nothing else: no absolute
/// path, no `..`, no symbolic link that leads out, no device. The files are mapped, not read.
struct ExternalData {
  private let folder: String?
  private var files: [String: MappedFile.Shared] = [:]

  /// The files of the model in `folder`; nil where the model came from no file.
  init(folder: String?) { self.folder = folder }

  /// The locations of the files that were mapped, sorted.
  var locations: [String] { files.keys.sorted() }

  /// The `count` bytes of the tensor that lies where `place` says.
  mutating func bytes(
    _ place: [String: String], count: Int, tensor: String
  ) throws(ImportProblem) -> Bytes {
    guard let location = place["location"], !location.isEmpty else {
      throw .externalData(tensor: tensor, location: "", "has no location")
    }
    func refuse(_ what: String) -> ImportProblem {
      .externalData(tensor: tensor, location: location, what)
    }
    func number(_ key: String) throws(ImportProblem) -> Int? {
      guard let text = place[key] else { return nil }
      guard let number = Int(text), number >= 0 else {
        throw refuse("has the \(key) '\(text)', which is no number of bytes")
      }
      return number
    }
    let offset = try number("offset") ?? 0
    let length = try number("length") ?? count
    let file = try mapped(location, refuse)
    guard offset <= file.count, length <= file.count - offset else {
      throw refuse(
        "has \(file.count) bytes; the tensor asks for \(length) at \(offset) (is it cut off?)")
    }
    return Bytes(file, offset..<(offset + length))
  }

  /// The file at `location`, mapped once.
  private mutating func mapped(
    _ location: String, _ refuse: (String) -> ImportProblem
  ) throws(ImportProblem) -> MappedFile.Shared {
    if let file = files[location] { return file }
    guard let folder else { throw refuse("cannot be found: the model came from no file") }
    let components = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.hasPrefix("/"), !components.contains("..") else {
      throw refuse("leads out of the model's folder, which is refused")
    }
    guard let root = Self.resolve(folder) else { throw refuse("lies in an unreadable folder") }
    guard let path = Self.resolve(folder + "/" + location) else {
      throw refuse("is missing or unreadable: put it beside the model")
    }
    guard path.hasPrefix(root == "/" ? root : root + "/") else {
      throw refuse("is a link out of the model's folder, which is refused: copy the file there")
    }
    // Resolved, so no component is a link; asked before opening, which would wait for a pipe.
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw refuse("is no regular file")
    }
    do throws(FileError) {
      let file = MappedFile.Shared(try MappedFile(path: path))
      files[location] = file
      return file
    } catch {
      throw refuse("cannot be read: \(error)")
    }
  }

  /// The path without links and dots, or nil where nothing is there.
  private static func resolve(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(validatingCString: resolved)
  }
}
