import ModelFormat

/// The samples of a WebDataset: members of a tar that share a path up to the first dot of the file
/// name.
///
/// The data is one member (`jpg`, `jpeg`, `png`, `npy` or `npz`), the class is `cls`.
struct TarSource: SampleSource {
  private struct Entry {
    var data: TarReader.Member?
    var label: Range<Int>?
  }

  private let file: Bytes
  private let path: String
  private let entries: [Entry]

  /// The samples of the archive `file`: its headers are scanned, its data stays where it is.
  ///
  /// - Throws: `DatasetError`, naming `path`, where the archive is damaged, gives a sample two
  ///   images, or has none.
  init(_ file: Bytes, path: String) throws(DatasetError) {
    entries = try file.withUnsafeBytes { (buffer) throws(DatasetError) in
      try Self.index(buffer, path)
    }
    self.file = file
    self.path = path
  }

  private static func index(
    _ buffer: UnsafeRawBufferPointer, _ path: String
  ) throws(DatasetError) -> [Entry] {
    var reader = TarReader(buffer, name: path)
    var entries: [Entry] = []
    var positions: [Substring: Int] = [:]
    while let member = try reader.next() {
      guard let (key, suffix) = split(member.path) else { continue }
      let isLabel = suffix == "cls"
      guard isLabel || SampleFile.suffixes.contains(suffix) else { continue }
      let position = positions[key] ?? entries.count
      if position == entries.count {
        positions[key] = position
        entries.append(Entry())
      }
      if isLabel {
        entries[position].label = member.range
      } else if let first = entries[position].data {
        throw .damaged(
          name: path, reason: "\(first.path) and \(member.path) are data of the same sample")
      } else {
        entries[position].data = member
      }
    }
    entries.removeAll { $0.data == nil }
    guard !entries.isEmpty else {
      throw .unsupported(
        name: path, feature: "a tar without images and arrays",
        remedy: "name its members as WebDataset does: 00000.jpg, 00000.cls")
    }
    return entries
  }

  /// The path up to the first dot of the file name, and what follows that dot in lower case.
  private static func split(_ path: String) -> (key: Substring, suffix: String)? {
    let name = path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
    guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return nil }
    return (path[..<dot], name[name.index(after: dot)...].lowercased())
  }

  var count: Int { entries.count }

  func name(at index: Int) -> String { entries[index].data?.path ?? "" }

  func sample(at index: Int) throws(DatasetError) -> Sample {
    let entry = entries[index]
    return try file.withUnsafeBytes { (buffer) throws(DatasetError) in
      let name = name(at: index)
      let label = try entry.label.map { (range) throws(DatasetError) in
        guard let label = SampleFile.label(buffer[range]) else {
          throw .badLabel(name: "\(path): label of \(name)")
        }
        return label
      }
      let data = UnsafeRawBufferPointer(rebasing: buffer[entry.data?.range ?? 0..<0])
      return Sample(
        name: name, label: label,
        content: try Sample.Content(decoding: data, name: "\(path): \(name)"))
    }
  }
}
