import Foundation

/// Every file below a folder: contents, and where links lead.
struct FolderState: Equatable {
  /// By path below the folder.
  private(set) var entries: [String: Data] = [:]

  /// The state of the folder at a path; files that `sizesAlone` says yes to are known by their size.
  init(_ folder: String, sizesAlone: (String) -> Bool = { _ in false }) throws {
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      let whole = "\(folder)/\(path)"
      if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: whole) {
        entries[path] = Data("link to \(target)".utf8)
      } else if (try? FileManager.default.contentsOfDirectory(atPath: whole)) == nil {
        let data = try Data(contentsOf: URL(filePath: whole))
        entries[path] = sizesAlone(path) ? Data("\(data.count) bytes".utf8) : data
      }
    }
  }

  var names: Set<String> { Set(entries.keys) }

  /// What is wrong with this state, in words, where each file must be as it is in one of two others.
  ///
  /// - Parameter mayStay: whether a file that is in neither is one that may be left behind.
  func problems(
    before: FolderState, after: FolderState, mayStay: (String) -> Bool = { _ in false }
  ) -> [String] {
    var problems: [String] = []
    for name in names.union(before.names).union(after.names).sorted() {
      let states = [before.entries[name], after.entries[name]]
      if states.contains(entries[name]) { continue }
      if states == [nil, nil], mayStay(name) { continue }
      let size = entries[name].map { "\($0.count) bytes" } ?? "missing"
      let wanted = states.map { $0.map { "\($0.count) bytes" } ?? "missing" }
      problems.append("\(name): \(size), before \(wanted[0]), after \(wanted[1])")
    }
    return problems
  }
}
