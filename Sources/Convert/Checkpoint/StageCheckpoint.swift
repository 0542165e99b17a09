import Train

/// What one stage of a conversion sees of its checkpoint.
struct StageCheckpoint {
  private let store: CheckpointStore
  private let stage: CheckpointPlace.Stage
  /// Which of several stages of a kind it is.
  private let number: Int

  init(_ store: CheckpointStore, _ stage: CheckpointPlace.Stage, number: Int = 0) {
    (self.store, self.stage, self.number) = (store, stage, number)
  }

  private func name(_ part: Int) -> String { "\(stage.name) \(number) part \(part)" }

  /// What `body` reads of the state of a part; nil where there is none, or none that can be used.
  func restore<R>(
    _ part: Int = 0, _ body: (inout StateReader) throws(StateError) -> R
  ) -> R? {
    guard let bytes = store.state(name(part)) else { return nil }
    do throws(StateError) {
      var reader = StateReader(bytes)
      let result = try body(&reader)
      try reader.end()
      return result
    } catch {
      store.refuse(name(part), error)
      return nil
    }
  }

  /// What `body` reads of the states of parts 0, 1 and so on, up to the first that is missing.
  func restoreAll<R>(
    _ count: Int, _ body: (Int, inout StateReader) throws(StateError) -> R
  ) -> [R] {
    var results: [R] = []
    while results.count < count {
      let part = results.count
      guard
        let result = restore(part, { (reader) throws(StateError) in try body(part, &reader) })
      else { break }
      results.append(result)
    }
    return results
  }

  /// Keeps the state of a part, which `body` writes.
  func keep(_ part: Int = 0, _ body: (inout StateWriter) -> Void) {
    var writer = StateWriter()
    body(&writer)
    store.keep(name(part), writer.bytes)
  }

  /// Whether it is time to save: states that are large are made only then.
  var isDue: Bool { store.isDue }

  /// Writes the checkpoint if it is time, which it is sooner at the end of the stage.
  func save(done: Int, of total: Int, isEnd: Bool = false) {
    store.save(at: CheckpointPlace(stage, done: done, total: total), isEnd: isEnd || done >= total)
  }
}
