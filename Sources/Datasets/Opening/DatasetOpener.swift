import ModelFormat

/// Tells what kind of data set is at a path, and opens it.
struct DatasetOpener {
  typealias Opened = (source: any SampleSource, classNames: [String])

  let path: String
  let splitBatch: Bool

  /// The data set at the path, and the names of its classes where it has any.
  ///
  /// - Throws: `DatasetError`, naming the path.
  func open() throws(DatasetError) -> Opened {
    switch FolderListing.isFolder(path) {
    case nil: throw .noSuchPath(path)
    case true?: try openFolder()
    case false?: (try openFile(), [])
    }
  }

  /// The path with a slash behind it, for what lies in the folder.
  private var prefix: String { path.hasSuffix("/") ? path : path + "/" }

  private func openFolder() throws(DatasetError) -> Opened {
    let listing = try FolderListing(path)
    if listing.files.contains(LabelTable.fileName) {
      let entries = try LabelTable.entries(at: prefix + LabelTable.fileName)
      guard !entries.isEmpty else { throw .emptyFolder(path) }
      return (FileSource(prefix: prefix, entries: entries), [])
    }
    let classes = try classEntries(listing)
    let samples = listing.samples
    guard samples.isEmpty || classes.isEmpty else { throw .mixedFolder(path) }
    if !classes.isEmpty {
      return (FileSource(prefix: prefix, entries: classes), listing.folders)
    }
    if !samples.isEmpty {
      let entries = samples.map { FileSource.Entry(name: $0, label: nil) }
      return (FileSource(prefix: prefix, entries: entries), [])
    }
    return (try openOnlyFile(of: listing), [])
  }

  /// The samples within the folders of a folder, labelled by the rank of theirs.
  private func classEntries(_ listing: FolderListing) throws(DatasetError) -> [FileSource.Entry] {
    var entries: [FileSource.Entry] = []
    for (label, folder) in listing.folders.enumerated() {
      for name in try FolderListing(prefix + folder).samples {
        entries.append(FileSource.Entry(name: "\(folder)/\(name)", label: label))
      }
    }
    return entries
  }

  /// The one IDX or tar file that a folder without samples holds.
  private func openOnlyFile(of listing: FolderListing) throws(DatasetError) -> any SampleSource {
    let archives = listing.files.filter { $0.lowercased().hasSuffix(".tar") }
    let candidates = listing.indexedImages + archives
    guard let only = candidates.first else { throw .emptyFolder(path) }
    guard candidates.count == 1 else {
      throw .severalDatasets(path: path, files: candidates)
    }
    return try DatasetOpener(path: prefix + only, splitBatch: splitBatch).openFile()
  }

  private func openFile() throws(DatasetError) -> any SampleSource {
    let file = try Bytes(mapping: path)
    let (format, start) = file.withUnsafeBytes { (FileFormat($0), [UInt8]($0.prefix(4))) }
    switch format {
    case .jpeg, .png, .zip: return onlySample()
    case .npy:
      let array =
        splitBatch ? try ArraySource(file, path: path, fileName: split.name) : nil
      return array ?? onlySample()
    case .tar: return try TarSource(file, path: path)
    case .idx, .gzip:
      return try IDXSource(
        images: IDXArray(file, name: path), labels: labels(), path: path, fileName: split.name)
    case .unknown: throw .unknownKind(name: path, start: start)
    }
  }

  /// The file as the only sample.
  private func onlySample() -> FileSource {
    FileSource(prefix: split.folder, entries: [FileSource.Entry(name: split.name, label: nil)])
  }

  /// The labels beside a file of IDX images, or nil where there are none.
  private func labels() throws(DatasetError) -> IDXArray? {
    let candidates = IDXNames.labels(for: split.name) ?? []
    guard
      let found = candidates.first(where: { FolderListing.isFolder(split.folder + $0) == false })
    else { return nil }
    let name = split.folder + found
    return try IDXArray(Bytes(mapping: name), name: name)
  }

  /// The folder of the path with its slash, or nothing, and the name within it.
  private var split: (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    return (String(path[...slash]), String(path[path.index(after: slash)...]))
  }
}
