/// Samples that are one file each, within a folder.
struct FileSource: SampleSource {
  /// One file and its class.
  struct Entry: Hashable {
    /// The path relative to the folder, which is the name of the sample, too.
    let name: String
    let label: Int?
  }

  /// The path that names are relative to, with its slash, or nothing.
  let prefix: String
  let entries: [Entry]

  var count: Int { entries.count }

  func name(at index: Int) -> String { entries[index].name }

  func sample(at index: Int) throws(DatasetError) -> Sample {
    let entry = entries[index]
    return Sample(
      name: entry.name, label: entry.label,
      content: try Sample.Content(decodingFileAt: prefix + entry.name))
  }
}
