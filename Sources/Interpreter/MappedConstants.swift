import ModelFormat

/// The files that constants of a network lie in: nothing may be computed with what they lost.
struct MappedConstants {
  #if hasFeature(Embedded)
  /// A device has no files.
  init(_ graph: Graph) {}
  func requireWhole() throws(InterpreterError) {}
  #else
  private var files: [MappedFile.Shared] = []

  /// The files of the constants of `graph`.
  init(_ graph: Graph) {
    var known = Set<ObjectIdentifier>()
    for case let tensor? in graph.values.map({ $0.constant }) {
      for case let file? in [tensor.positions.file, tensor.values.file]
      where known.insert(ObjectIdentifier(file)).inserted {
        files.append(file)
      }
    }
  }

  /// Refuses to go on where a file was cut, or could not be read, since it was mapped.
  func requireWhole() throws(InterpreterError) {
    for file in files where file.isLost { throw .lost }
  }
  #endif
}
