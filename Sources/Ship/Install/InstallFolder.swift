import ModelFormat

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The folder of installed models; one process at a time has it for changes.
final class InstallFolder {
  static let currentName = "current"
  private static let previousName = "previous"
  private static let releaseName = "release"

  let path: String
  private let lock: Int32

  /// Opens or makes the folder, waits for nobody, and clears what an ended process left.
  init(_ path: String) throws(ShipError) {
    self.path = path
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
      throw .file(.cannotWrite(path: path, code: errno))
    }
    lock = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard lock >= 0 else { throw .file(.cannotWrite(path: path, code: errno)) }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw .locked(path) }
    removeStaged()
  }

  deinit { if lock >= 0 { close(lock) } }

  private static let stagingPrefix = "incoming."

  /// The name of the file that is current.
  var current: String? { target(Self.currentName) }

  /// Copies, unpacks or patches the file at `source` into this folder, on disk, under a name of no meaning.
  func stage(_ source: String, limit: Int) throws(ShipError) -> String {
    let staged = "\(path)/\(Self.stagingPrefix)\(getpid())"
    let head = try Self.head(of: source)
    if head.starts(with: PackedHeader.magic) {
      let header: PackedHeader
      do throws(PackedError) { header = try PackedHeader(head) } catch {
        throw .packed(source, error)
      }
      let base = header.base == .none ? nil : current.map { "\(path)/\($0)" }
      if header.base != .none {
        guard let base else { throw .needsBase(source) }
        // An update that was installed before, by a process that was killed then, say.
        if try BaseFile.has(header.target, at: base) {
          try copy(base, to: staged)
          return staged
        }
      }
      _ = try Unpacker.unpack(source, base: base, to: staged, limit: limit)
      return staged
    }
    try copy(source, to: staged)
    return staged
  }

  private func copy(_ source: String, to staged: String) throws(ShipError) {
    try ShipError.filing { () throws(FileError) in
      let file = Bytes(MappedFile.Shared(try MappedFile(path: source)))
      try AtomicFile.write(to: staged) { (sink) throws(FileError) in
        try file.withUnsafeBytes { (bytes) throws(FileError) in try sink(bytes) }
      }
    }
  }

  /// Gives a staged file its name.
  func keep(_ staged: String, as name: String) throws(ShipError) {
    try move(staged, to: "\(path)/\(name)")
  }

  /// Makes `name` current, and what was current before it previous.
  func makeCurrent(_ name: String, before: String?) throws(ShipError) {
    // Both links are made before one is moved: what can fail then is little.
    if let before { try link(Self.previousName, to: before) }
    try link(Self.currentName, to: name)
    if before != nil { try moveLink(Self.previousName) }
    try moveLink(Self.currentName)
  }

  /// Removes what is neither current nor previous, nor on its way there.
  ///
  /// Nothing that may be a user's: installed files have a digest for a name. And no file at all where a link
  /// cannot be read.
  func tidy() {
    removeStaged()
    var kept: [String] = []
    for link in [Self.currentName, Self.previousName] {
      if let name = target(link) { kept.append(name) } else if errno != ENOENT { return }
    }
    for name in names where Self.isInstalled(name) && !kept.contains(name) {
      unlink("\(path)/\(name)")
    }
  }

  private static func isInstalled(_ name: String) -> Bool {
    name.hasSuffix(".pare") && name.utf8.count == 64 + 5
      && name.utf8.prefix(64).allSatisfy { (48..<58).contains($0) || (97..<103).contains($0) }
  }

  private func removeStaged() {
    for name in names where name.hasPrefix(Self.stagingPrefix) { unlink("\(path)/\(name)") }
  }

  /// The highest release that was ever current; zero where none was.
  func highestRelease() throws(ShipError) -> UInt64 {
    let place = "\(path)/\(Self.releaseName)"
    guard AtomicFile.exists(place) else { return 0 }
    let text = try KeyFile.lines(place).first ?? ""
    // A number that cannot be read must not open the door to old files.
    guard let number = UInt64(text) else {
      throw .file(.cannotOpen(path: place, code: EILSEQ))
    }
    return number
  }

  /// Notes that `release` was current.
  func raise(highestTo release: UInt64, from highest: UInt64) throws(ShipError) {
    guard release > highest else { return }
    try ShipError.filing { () throws(FileError) in
      try AtomicFile.write([UInt8]("\(release)\n".utf8), to: "\(path)/\(Self.releaseName)")
    }
  }

  /// Where the link `name` leads in this folder; nil, with `errno`, where it does not.
  private func target(_ name: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 256)
    let place = "\(path)/\(name)"
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map { readlink(place, $0, bytes.count) } ?? -1
    }
    guard count > 0 else { return nil }
    let target = String(decoding: buffer[..<min(count, buffer.count)], as: UTF8.self)
    // A link out of the folder is none of ours.
    guard count < buffer.count, !target.contains("/") else {
      errno = ELOOP
      return nil
    }
    return target
  }

  private func link(_ name: String, to target: String) throws(ShipError) {
    var status = stat()
    guard lstat("\(path)/\(name)", &status) != 0 || status.st_mode & S_IFMT == S_IFLNK else {
      // Somebody else's: nothing is written over.
      throw .file(.cannotWrite(path: "\(path)/\(name)", code: EEXIST))
    }
    guard symlink(target, "\(path)/\(Self.stagingPrefix)\(name)") == 0 else {
      throw .file(.cannotWrite(path: "\(path)/\(name)", code: errno))
    }
  }

  private func moveLink(_ name: String) throws(ShipError) {
    try move("\(path)/\(Self.stagingPrefix)\(name)", to: "\(path)/\(name)")
  }

  private func move(_ from: String, to place: String) throws(ShipError) {
    guard rename(from, place) == 0 else {
      throw .file(.cannotWrite(path: place, code: errno))
    }
    try ShipError.filing { () throws(FileError) in try AtomicFile.syncFolder(of: place) }
  }

  private var names: [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      names.append(
        withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    return names
  }

  /// The first bytes of the file at `path`, as many as a packed header has.
  private static func head(of path: String) throws(ShipError) -> [UInt8] {
    let file = try ShipError.filing { () throws(FileError) in
      Bytes(MappedFile.Shared(try MappedFile(path: path)))
    }
    return file.withUnsafeBytes { Array($0.prefix(PackedHeader.size)) }
  }
}
