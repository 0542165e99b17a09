import Datasets
import Interpreter
import Kernels
import ModelFormat
import Train

/// Trains a network on labelled samples while weights become zero, more and more of them.
///
/// At first it learns with all its weights; what does better on samples held back, that or the network that came
/// in, teaches from then on (Hinton, Vinyals and Dean, 2015). Then zeros grow by a cubic ramp (Zhu and Gupta,
/// "To Prune, or Not to Prune", 2017), and once all are there the rest settles. What is kept is the average of
/// parameters that does best on samples held back.
struct LabelledTraining {
  let options: ConversionOptions
  let stop: StopSignal
  let progress: (Converter.Progress) -> Void
  var checkpoint: StageCheckpoint?

  /// What was done.
  struct Effect {
    var steps = 0
    var batch = 0
    var samples = 0
    var held = 0
    var before = LabelledScore()
    /// With all weights.
    var dense = LabelledScore()
    var after = LabelledScore()
    /// Weights that are zero, and all of the layers.
    var zeros = 0
    /// What the user should know.
    var warnings: [String] = []

    /// The effect in words.
    var text: String {
      "\(steps) steps of \(batch) samples; right on \(held) held back: \(after.text), before "
        + before.text + (zeros > 0 ? ", with all weights \(dense.text)" : "")
    }
  }

  /// Bytes that activations of a batch of student and teacher may take.
  private static let arena = 768 << 20
  /// Samples in a batch, where they fit.
  private static let mostSamples = 128

  /// Trains what `filter` lets through of `graph`, on `dataset`.
  func apply(
    _ graph: inout Graph, _ goals: [ZeroGoal], _ filter: NodeFilter, _ dataset: Dataset,
    _ preprocessing: Preprocessing?
  ) throws(ConvertError) -> Effect {
    let constants = TrainableConstants(graph, filter)
    guard let logits = graph.classLogits, !constants.ids.isEmpty else {
      throw .training(
        options.input, .inputs(value: graph.name, problem: "leads to nothing that can be trained"))
    }
    let batch = try trying { () throws(TrainingError) in try largestBatch(constants, logits) }
    let ports = graph.inputs.map { id in
      var shape = graph[id].shape ?? []
      if shape.rank > 0 { shape[0] = batch }
      return Interpreter.Port(name: graph[id].name, type: graph[id].type, shape: shape)
    }
    let samples = try LabelledSamples(
      dataset, ports: ports, preprocessing: preprocessing, batch: batch, options: options)
    let schedule = LabelledSchedule(
      options, samples: samples.shown.count, batch: batch, seconds: stop.remaining)
    let student = try trying { () throws(TrainingError) in
      try SparseStudent(
        constants, goals, batch: batch, keeps: [logits], threads: options.threads,
        memory: schedule.steps / 50)
    }
    let teacher = try trying { () throws(TrainingError) in
      try TrainingNetwork(
        graph, batch: batch, parameters: [], threads: options.threads, keeps: [logits])
    }
    let elements = try trying { () throws(TrainingError) in
      try student.network.activation(logits).count
    }
    guard elements / batch > 1 else { throw .noClasses(options.input) }
    var run = LabelledRun(
      training: self, logits: logits, classes: elements / batch, inputs: graph.inputs,
      schedule: schedule, student: student, teacher: teacher, samples: samples)
    try run.run(hasGoals: !goals.isEmpty)
    graph = run.best ?? graph
    return run.effect
  }

  /// The largest batch that fits.
  private func largestBatch(
    _ constants: TrainableConstants, _ logits: ValueID
  ) throws(TrainingError) -> Int {
    let limit = min(Self.arena, options.maximumMemory.map { $0 / 2 } ?? .max)
    var batch = Self.mostSamples
    while true {
      var bytes = 0
      for parameters in [constants.ids, []] {
        bytes += try TrainingNetwork.bytes(
          constants.graph, batch: batch, parameters: parameters, threads: options.threads,
          keeps: [logits])
      }
      if bytes <= limit { return batch }
      guard batch > 1 else { throw .memory(bytes: bytes) }
      batch /= 2
    }
  }

  /// What `body` returns; its error with the name of the model.
  func trying<R>(_ body: () throws(TrainingError) -> R) throws(ConvertError) -> R {
    do throws(TrainingError) { return try body() } catch { throw .training(options.input, error) }
  }
}
