import Datasets
import Foundation
import Interpreter
import ModelFormat
import TestSupport
import Testing
import Train

@testable import Convert

/// Distillation and training, saved after every step, go on from any of them; states that do not fit are refused.
@Suite struct StageCheckpointTests {
  /// A store that saves at every step.
  static func store(_ path: String, _ clock: CheckpointStoreTests.Clock) -> CheckpointStore {
    CheckpointStoreTests.store(path, seconds: 1, clock: clock)
  }

  /// What a stage made, and the checkpoints on its way.
  struct Outcome {
    let bits: [[UInt32]]
    let text: String
    let copies: CheckpointCopies
    let warnings: [String]
  }

  typealias Stage = (StageCheckpoint, @escaping (Converter.Progress) -> Void) throws -> (
    Graph, String
  )

  static func run(
    _ kind: CheckpointPlace.Stage, from data: Data? = nil, _ stage: Stage
  ) throws -> Outcome {
    try withTemporaryFolder { folder in
      let path = folder + "/c"
      try data?.write(to: URL(filePath: path))
      let clock = CheckpointStoreTests.Clock()
      let store = Self.store(path, clock)
      let copies = CheckpointCopies(of: path)
      let (graph, text) = try stage(StageCheckpoint(store, kind)) {
        clock.now += 1
        copies.see($0)
      }
      return Outcome(
        bits: DistilTests.bits(graph), text: text, copies: copies, warnings: store.warnings)
    }
  }

  /// That `stage` goes on from every so many of its steps, and survives states that are no good.
  ///
  /// - Returns: all copies of its checkpoint.
  @discardableResult static func check(
    _ kind: CheckpointPlace.Stage, _ stage: Stage
  ) throws -> [CheckpointCopies.Copy] {
    let whole = try run(kind, stage)
    // One is behind every step but the last.
    #expect(whole.copies.copies.count == whole.copies.work - 1)
    for copy in whole.copies.spread(9) {
      let rest = try run(kind, from: copy.data, stage)
      #expect(rest.bits == whole.bits && rest.text == whole.text, "from \(copy.done)")
      #expect(rest.copies.work == whole.copies.work - copy.done && rest.warnings.isEmpty)
    }
    let last = try #require(whole.copies.copies.last).file
    let state = try #require(last.sections.last)
    func changed(_ bytes: [UInt8]) -> Data {
      let sections = last.sections.dropLast() + [.init(state.name, bytes)]
      return Data(
        CheckpointFile(identity: last.identity, [CheckpointFile.Section](sections)).encoded)
    }
    #expect(try run(kind, from: changed(state.bytes), stage).bits == whole.bits)
    // Too short or too long: all of the stage, or the last layer and the one behind it, is done again.
    let again = kind.hasSteps ? whole.copies.work : 2
    for length in [0, 7, 17, state.bytes.count / 2, state.bytes.count - 1, state.bytes.count + 8] {
      let bytes = [UInt8](state.bytes.prefix(length))
      let rest = try run(
        kind, from: changed(bytes + [UInt8](repeating: 0, count: length - bytes.count)), stage)
      #expect(rest.bits == whole.bits && rest.warnings.count == 1, "\(length) bytes")
      #expect(rest.copies.work == again)
    }
    // Forged numbers may spoil the result, but no more than that.
    var random = SeededGenerator(seed: 17)
    for index in 0..<60 {
      var bytes = state.bytes
      let words = bytes.count / 8
      let place = 8 * (index < min(24, words) ? index : Int.random(in: 0..<words, using: &random))
      let number = [UInt64.max, 1 << 63, 1 << 62, 0, 0x7FF8_0000_0000_0000, 1 << 40].randomElement(
        using: &random)
      withUnsafeBytes(of: (number ?? 0).littleEndian) {
        bytes.replaceSubrange(place..<place + 8, with: $0)
      }
      _ = try run(kind, from: changed(bytes), stage)
    }
    return whole.copies.copies
  }

  /// With little memory the walk over the layers begins again and again where it was not.
  @Test(arguments: [nil, 400_000, 160_000])
  func pruningGoesOnWithTheSameBits(_ memory: Int?) throws {
    let dense = try DistilTests.network()
    var options = ConversionOptions(input: "residual")
    options.samples = 40
    options.maximumMemory = memory
    let set = try SampleSet(options, dense)
    let layers = dense.weightedNodes(.none)
    let zeros = PrunedLayer.Zeros(pattern: .unstructured(0.5), fraction: 0.5)
    try Self.check(.prune) { checkpoint, progress in
      var (graph, samples) = (dense, set)
      let step = SampledPruning(
        options: options, progress: progress, zeros: ["stem": zeros, "inner": zeros],
        checkpoint: checkpoint)
      let effect = try step.apply(&graph, layers, &samples)
      return (graph, "\(effect)")
    }
    var judge = set
    let trial = try Trial(try Interpreter(dense), &judge, limit: 8, threads: 1)
    try Self.check(.measure) { checkpoint, progress in
      var samples = set
      let step = PruningSensitivity(
        options: options, pattern: .unstructured(0.5), trial: trial, progress: progress,
        checkpoint: checkpoint)
      return (dense, "\(try step.measure(dense, layers, &samples))")
    }
  }

  /// Where next to nothing is pruned, training leads away at first, and begins again with smaller steps; where
  /// nothing is, it ends once it was in vain for long enough.
  @Test(arguments: [0.5, 0.03, 0])
  func distillationGoesOnWithTheSameBits(_ zeros: Double) throws {
    let test = try DistilTests.Case()
    var pruned = test.dense
    _ = Prune(specification: .unstructured(zeros), scope: .layer).apply(&pruned, test.layers)
    let copies = try Self.check(.distil) { checkpoint, progress in
      var graph = pruned
      let step = Distil(
        options: test.options, trial: test.trial, stop: StopSignal(), progress: progress,
        checkpoint: checkpoint)
      let effect = try step.apply(&graph, dense: test.dense, test.layers, test.shown)
      return (graph, effect.text)
    }
    // The batch, steps, the peak of the rate, judgements in vain.
    let states = try copies.map { copy in
      var reader = StateReader(try #require(try copy.file.sections.last).bytes)
      _ = try (reader.integer(), reader.integer())
      return (peak: try reader.double(), waited: try reader.integer())
    }
    let first = try #require(states.first)
    if zeros == 0 { #expect(states.contains { $0.waited > 2 }) }
    if zeros == 0.03 { #expect(states.contains { $0.peak < first.peak && $0.waited == 0 }) }
  }

  @Test(arguments: [true, false])
  func trainingGoesOnWithTheSameBits(_ isNormalized: Bool) throws {
    try withTemporaryFolder { folder in
      try LabelledTrainingTests.write(80, seed: 13, to: folder)
      let options = LabelledTrainingTests.options([.unstructured(0.5)], epochs: 40)
      let network = try LabelledTrainingTests.network(isNormalized: isNormalized)
      let plan = try CompressionPlan(options, network, isCalibrated: false)
      let (goals, _) = ZeroGoal.all(network, network.weightedNodes(.none), options, plan)
      let dataset = try Dataset(path: folder, splitBatch: true)
      var first: LabelledTraining.Effect?
      try Self.check(.train) { checkpoint, progress in
        var graph = network
        let training = LabelledTraining(
          options: options, stop: StopSignal(), progress: progress, checkpoint: checkpoint)
        let effect = try training.apply(&graph, goals, .none, dataset, nil)
        first = first ?? effect
        return (graph, effect.text)
      }
      // The teacher was replaced, and a later network kept: both are in the states.
      let effect = try #require(first)
      #expect(effect.dense.isBetter(than: effect.before) && effect.after.count > 0)
    }
  }
}
