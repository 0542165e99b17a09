import ModelFormat
import Train

extension Distil {
  /// What a training holds between two steps, beside its student and its samples.
  struct State {
    /// Steps that are done.
    var steps = 0
    var schedule: RateSchedule
    /// Judgements in a row that were no better.
    var waited = 0
    /// The network that did best; nil for the one that came in.
    var best: Graph?

    init(schedule: RateSchedule) { self.schedule = schedule }
  }

  /// Saves what there is after a step, if it is time or training is over.
  func keep(
    _ state: State, _ plan: Plan, _ student: StudentNetwork, _ batches: SampleBatches,
    of steps: Int
  ) {
    let isEnd = state.steps == steps || state.waited >= Self.patience
    guard let checkpoint, checkpoint.isDue || isEnd else { return }
    checkpoint.keep { writer in
      writer.append(plan.batch)
      writer.append(state.steps)
      writer.append(state.schedule.peak)
      writer.append(state.waited)
      batches.order.append(to: &writer)
      writer.append(state.best != nil)
      if let best = state.best { writer.append(best, student.network.changed) }
      student.append(to: &writer)
    }
    checkpoint.save(done: state.steps, of: steps, isEnd: isEnd)
  }

  /// What the checkpoint has of a training that began as `state`; nil where it has nothing.
  ///
  /// The student and the samples take over what is theirs.
  func restore(
    _ state: State, _ plan: Plan, _ student: inout StudentNetwork, _ batches: inout SampleBatches
  ) -> State? {
    checkpoint?.restore { (reader) throws(StateError) in
      guard try reader.integer() == plan.batch else { throw .other }
      var found = state
      found.steps = try reader.integer(0...state.schedule.steps)
      found.schedule.peak = try reader.double()
      guard found.schedule.peak > 0, found.schedule.peak <= state.schedule.peak else {
        throw .damaged
      }
      found.waited = try reader.integer(0...1 << 20)
      let order = try batches.order.restored(from: &reader)
      if try reader.flag() {
        found.best = try reader.graph(like: student.network.graph(), student.network.changed)
      }
      try student.restore(from: &reader)
      batches.order = order
      return found
    }
  }
}
