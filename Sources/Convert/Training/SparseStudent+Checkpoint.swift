import ModelFormat
import Train

extension SparseStudent {
  /// All that a student has learnt.
  struct Memory {
    var values: [Float] = []
    /// Running ones of BatchNormalizations.
    var statistics: [Float] = []
    var masks: [ValueID: WeightMask] = [:]
    var scores: [ValueID: ZeroScores] = [:]
    var optimizers: [Optimizer] = []
    var average: MovingAverage
  }

  func append(to writer: inout StateWriter) {
    writer.append(UnsafeBufferPointer(network.values))
    writer.append(network.statistics)
    for id in network.parameters {
      if let mask = masks[id] { writer.append(mask.kept) }
      scores[id]?.append(to: &writer)
    }
    for optimizer in optimizers { writer.append(optimizer.state) }
    writer.append(average.state)
  }

  /// What a student of the same network wrote; this one stays as it is.
  func memory(from reader: inout StateReader) throws(StateError) -> Memory {
    var memory = Memory(
      average: MovingAverage(decay: average.decay, counts: average.values.map(\.count)))
    memory.values = try reader.floats(network.values.count)
    memory.statistics = try reader.floats(network.statistics.count)
    for id in network.parameters {
      if let mask = masks[id] {
        let kept = try reader.block()
        guard kept.count == mask.count else { throw .other }
        memory.masks[id] = WeightMask(kept: kept)
      }
      memory.scores[id] = try scores[id]?.restored(from: &reader)
    }
    for optimizer in optimizers {
      let found = Optimizer(optimizer.rule, counts: optimizer.counts)
      try found.restore(try reader.block())
      memory.optimizers.append(found)
    }
    try memory.average.restore(try reader.block())
    return memory
  }
}
