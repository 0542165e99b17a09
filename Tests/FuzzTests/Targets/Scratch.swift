#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A folder of this process for files that are read and written by path.
///
/// It lies in `TMPDIR`: where that is in memory, a file costs microseconds.
enum Scratch {
  /// The folder, which is there once a file was written.
  static let folder: String = {
    let place = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    return "\(place)/pare-fuzz-\(getpid())"
  }()

  /// Writes `bytes` under `name` and returns the path.
  static func write(_ bytes: [UInt8], _ name: String) -> String {
    let path = "\(folder)/\(name)"
    var file = fopen(path, "w")
    if file == nil {
      mkdir(folder, 0o700)
      file = fopen(path, "w")
    }
    guard let file else { return path }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
    return path
  }

  /// Removes every file, so that no input finds what an earlier one left.
  static func clear() {
    guard let list = opendir(folder) else { return }
    defer { closedir(list) }
    while let entry = readdir(list) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { unlink("\(folder)/\(name)") }
    }
  }

  /// Removes the folder with all files.
  static func remove() {
    clear()
    rmdir(folder)
  }
}
