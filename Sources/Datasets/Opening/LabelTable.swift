import ModelFormat

/// The lines of a `labels.tsv`: a file name, a tab and a class index.
enum LabelTable {
  /// The name by which a folder is known to have such a table.
  static let fileName = "labels.tsv"

  /// The entries of the table at `path`, in its order; empty lines are left out.
  ///
  /// - Throws: `DatasetError.badLabelLine` for a line of another form.
  static func entries(at path: String) throws(DatasetError) -> [FileSource.Entry] {
    let bytes = try Bytes(mapping: path).array
    var entries: [FileSource.Entry] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      guard !line.isEmpty else { continue }
      guard let tab = line.firstIndex(of: UInt8(ascii: "\t")), tab > line.startIndex,
        let label = SampleFile.label(line[(tab + 1)...])
      else { throw .badLabelLine(path: path, line: index + 1) }
      let name = String(decoding: line[..<tab], as: UTF8.self)
      entries.append(FileSource.Entry(name: name, label: label))
    }
    return entries
  }
}
