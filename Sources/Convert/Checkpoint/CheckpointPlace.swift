import Train

/// How far a conversion had come.
struct CheckpointPlace: Hashable {
  /// What takes long, in the order in which it is done.
  enum Stage: Int, CaseIterable {
    /// What zeros in each layer cost.
    case measure
    /// Zeros by samples, layer by layer.
    case prune
    /// Learning from the original.
    case distil
    /// Learning from labels.
    case train

    /// Its name in front of sections.
    var name: String {
      switch self {
      case .measure: "measure"
      case .prune: "prune"
      case .distil: "distil"
      case .train: "train"
      }
    }

    /// Whether it goes by steps; else it goes by layers.
    var hasSteps: Bool { self == .distil || self == .train }
  }

  let stage: Stage
  /// Layers or steps that are done, and all of them.
  let done: Int, total: Int

  /// The place in words.
  var text: String {
    "\(stage == .measure ? "measure layers" : stage.name), \(stage.hasSteps ? "step" : "layer") "
      + "\(done) of \(total)"
  }

  func append(to writer: inout StateWriter) {
    for number in [stage.rawValue, total, done] { writer.append(number) }
  }

  init(_ stage: Stage, done: Int, total: Int) {
    (self.stage, self.done, self.total) = (stage, done, total)
  }

  init(from reader: inout StateReader) throws(StateError) {
    guard let stage = Stage(rawValue: try reader.integer()) else { throw .damaged }
    self.stage = stage
    total = try reader.integer(0...1 << 48)
    done = try reader.integer(0...1 << 48)
  }
}
