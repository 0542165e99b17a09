import ModelFormat
import Train

extension LabelledRun {
  /// Where a training is between two steps, beside its student, its samples and its effect.
  struct State {
    /// Whether the teacher was chosen.
    var isTaught = false
    /// The network that teaches since then; nil for the one that came in.
    var teacher: Graph?
    /// The part of the zeros that are there.
    var zeros = 0.0
    /// The last judgement, and the step of the last growth of zeros.
    var judged = 0, grown = -LabelledRun.recovery
    /// The mean loss of the last steps, to show.
    var loss = 0.0
  }

  /// Saves what there is after a step, if it is time or training is over.
  func keep() {
    let isEnd = effect.steps >= schedule.steps
    guard let checkpoint = training.checkpoint, checkpoint.isDue || isEnd else { return }
    checkpoint.keep { writer in
      for number in [effect.batch, effect.steps, state.judged, state.grown] {
        writer.append(number)
      }
      for number in [schedule.elapsed, state.zeros, state.loss] { writer.append(number) }
      for score in [effect.before, effect.dense, effect.after] { score.append(to: &writer) }
      samples.append(to: &writer)
      writer.append(state.isTaught)
      for graph in [state.teacher, best] {
        writer.append(graph != nil)
        if let graph { writer.append(graph, student.network.changed) }
      }
      student.append(to: &writer)
    }
    checkpoint.save(done: effect.steps, of: schedule.steps)
  }

  /// Goes on where the checkpoint is; returns whether there is one.
  mutating func restore() throws(ConvertError) -> Bool {
    var run = self
    let memory = training.checkpoint?.restore { (reader) throws(StateError) in
      try run.read(&reader)
    }
    guard let memory else { return false }
    student.take(memory)
    if let graph = run.state.teacher { run.teacher = try network(graph) }
    self = run
    return true
  }

  /// Takes over all but the student, which is shared, and its memory.
  private mutating func read(
    _ reader: inout StateReader
  ) throws(StateError) -> SparseStudent.Memory {
    guard try reader.integer() == effect.batch else { throw .other }
    effect.steps = try reader.integer(0...schedule.steps)
    state.judged = try reader.integer(0...1 << 20)
    state.grown = try reader.integer(-Self.recovery...effect.steps)
    let seconds = try reader.double()
    state.zeros = try reader.double()
    state.loss = try reader.double()
    guard seconds >= 0, seconds < 1e9, (0...1).contains(state.zeros) else { throw .damaged }
    schedule.count(seconds)
    effect.before = try LabelledScore(from: &reader)
    effect.dense = try LabelledScore(from: &reader)
    effect.after = try LabelledScore(from: &reader)
    try samples.restore(from: &reader)
    state.isTaught = try reader.flag()
    let (network, ids) = (student.network, student.network.changed)
    if try reader.flag() { state.teacher = try reader.graph(like: network.graph(), ids) }
    if try reader.flag() { best = try reader.graph(like: network.graph(), ids) }
    return try student.memory(from: &reader)
  }
}
