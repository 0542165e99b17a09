import ModelFormat

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The files beside a model that hold tensors which are not in the model file itself.
///
/// A model may name files of its own folder and of folders below it, and nothing else: no absolute
/// path, no `..`, no symbolic link that leads out, no file with hard links, no device. The files are
/// mapped, not read.
struct ExternalData {
  private let folder: String?
  private var files: [String: MappedFile.Shared] = [:]
  /// Bytes that tensors may still take of the files together.
  ///
  /// Tensors may overlap, and looking through each takes time: many could name one large file.
  private var budget = 64 << 20
  /// How many times its bytes the tensors of a file may take together.
  static let sharing = 4

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
    guard length <= budget else {
      throw refuse("is named by so many tensors that they are far larger than the file")
    }
    budget -= length
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
    let file = try Self.open(path.dropFirst(root.count), in: root, refuse)
    files[location] = file
    budget = min(budget + min(file.count, 1 << 48) * Self.sharing, 1 << 60)
    return file
  }

  /// The file at `path` in the folder `root`, of which no component is a link.
  ///
  /// Somebody may put a link there after the path was resolved: none is followed.
  private static func open(
    _ path: Substring, in root: String, _ refuse: (String) -> ImportProblem
  ) throws(ImportProblem) -> MappedFile.Shared {
    let components = path.split(separator: "/")
    var descriptor = Self.descriptor(root, in: AT_FDCWD, O_DIRECTORY)
    for (index, component) in components.enumerated() where descriptor >= 0 {
      let parent = descriptor
      let isLast = index == components.count - 1
      // Not to wait for a pipe.
      descriptor = Self.descriptor(
        String(component), in: parent, isLast ? O_NONBLOCK : O_DIRECTORY)
      close(parent)
    }
    guard descriptor >= 0 else {
      throw refuse("cannot be opened (\(String(cString: strerror(errno))))")
    }
    defer { close(descriptor) }
    // A second name of a file elsewhere is as good as a link to it, and looks like a file of the folder.
    var status = stat()
    guard fstat(descriptor, &status) == 0,
      status.st_mode & S_IFMT != S_IFREG || status.st_nlink <= 1
    else {
      throw refuse("has other names too (hard links), which is refused: copy the file")
    }
    do throws(FileError) {
      return MappedFile.Shared(try MappedFile(descriptor: descriptor, path: root + path))
    } catch {
      if case .notAFile = error { throw refuse("is no regular file") }
      throw refuse("cannot be read: \(error)")
    }
  }

  /// The open file `name` of the folder `parent`, or -1; a link is not followed.
  private static func descriptor(_ name: String, in parent: Int32, _ flags: Int32) -> Int32 {
    openat(parent, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | flags)
  }

  /// The path without links and dots, or nil where nothing is there.
  private static func resolve(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(validatingCString: resolved)
  }
}
