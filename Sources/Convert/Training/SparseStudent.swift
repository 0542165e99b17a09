import Kernels
import ModelFormat
import Train

/// A network that learns while more and more of its weights become zero.
final class SparseStudent {
  let network: TrainingNetwork
  private let goals: [ZeroGoal]
  /// One for all parameters, or one for each.
  private(set) var optimizers: [Optimizer]
  private let isNormalized: Bool
  private(set) var average: MovingAverage
  private(set) var masks: [ValueID: WeightMask] = [:]
  private(set) var scores: [ValueID: ZeroScores] = [:]
  private var decays: [Bool] = []
  /// What a rate is multiplied with for each parameter: the root of its mean square.
  private var sizes: [Double] = []

  /// Weights that are zero because a goal says so.
  private(set) var zeros = 0
  /// All weights of the layers that goals are about.
  var prunable: Int { masks.values.reduce(0) { $0 + $1.count } }

  /// The highest rate of descent where sums of products are normalized.
  private static let normalizedRate = 0.05
  /// The highest rate elsewhere, as a part of each tensor's size.
  private static let relativeRate = 3e-3

  /// Whether most layers have a BatchNormalization behind them.
  ///
  /// Then the size of weights does not count, and plain descent at a high rate finds the better minima.
  /// Elsewhere steps are of a size that gradients do not decide.
  private static func isNormalized(_ graph: Graph) -> Bool {
    let normalizations = graph.nodes.count { $0.op == "BatchNormalization" }
    return 2 * normalizations > graph.weightedNodes(.none).count
  }

  /// `constants` of their graph trained in batches, with the zeros that `goals` want.
  ///
  /// - Parameter memory: steps that the average of the parameters goes back.
  init(
    _ constants: TrainableConstants, _ goals: [ZeroGoal], batch: Int, keeps: [ValueID],
    threads: Int, memory: Int
  ) throws(TrainingError) {
    self.goals = goals
    network = try TrainingNetwork(
      constants.graph, batch: batch, parameters: constants.ids, threads: threads, keeps: keeps)
    var counts: [Int] = []
    for id in constants.ids {
      let range = network.range(of: id) ?? 0..<0
      counts.append(range.count)
      decays.append(TrainedParameter.shouldDecay(rank: constants.graph[id].shape?.rank ?? 1))
      let values = network.values[range]
      let squares = values.reduce(0.0) { $0 + Double($1) * Double($1) }
      sizes.append((squares / Double(max(1, range.count))).squareRoot())
    }
    let least = sizes.filter { $0 > 0 }.min() ?? 1
    sizes = sizes.map { $0 > 0 ? $0 : least }
    isNormalized = Self.isNormalized(constants.graph)
    optimizers =
      isNormalized
      ? [Optimizer(.sgd(momentum: 0.9, isNesterov: true, decay: 5e-4), counts: counts)]
      : counts.map { Optimizer(.adamW(beta1: 0.9, beta2: 0.99, decay: 0), counts: [$0]) }
    average = MovingAverage(
      decay: 1 - 1 / Double(max(2, memory)), counts: [network.values.count])
    for goal in goals {
      for layer in goal.layers where masks[layer.weights] == nil {
        masks[layer.weights] = WeightMask(keepingAll: layer.groups.count)
        scores[layer.weights] = ZeroScores(count: layer.groups.count)
      }
    }
  }

  private func values(_ id: ValueID) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(rebasing: network.values[network.range(of: id) ?? 0..<0])
  }

  /// Lets weights go until there is `part` of the zeros that are wanted.
  func grow(to part: Double) {
    for goal in goals {
      let wanted = part >= 1 ? goal.zeros : Int((Double(goal.zeros) * part).rounded())
      var found: [[Float]] = []
      for layer in goal.layers {
        guard let own = scores[layer.weights] else { continue }
        found.append(own.scores(values(layer.weights)))
      }
      let all = found.flatMap { $0 }
      all.withUnsafeBufferPointer { all in
        var start = 0
        var candidates = goal.layers.map { layer in
          let count = layer.groups.count
          defer { start += count }
          return PruneChoice.Candidate(
            scores: UnsafeBufferPointer(rebasing: all[start..<start + count]),
            groups: layer.groups,
            mask: masks[layer.weights] ?? WeightMask(keepingAll: count))
        }
        PruneChoice.prune(&candidates, zeros: wanted)
        for (layer, candidate) in zip(goal.layers, candidates) {
          masks[layer.weights] = candidate.mask
        }
      }
    }
    setMasks()
  }

  private func setMasks() {
    zeros = 0
    for (id, mask) in masks {
      let gone = mask.zeros
      zeros += gone
      if gone > 0 { network.setTransform(.mask(mask), of: id) }
    }
  }

  /// Takes over what `SparseStudent.Memory` has of a student of the same network.
  func take(_ memory: Memory) {
    _ = network.values.update(fromContentsOf: memory.values)
    network.statistics = memory.statistics
    (masks, scores) = (memory.masks, memory.scores)
    (optimizers, average) = (memory.optimizers, memory.average)
    setMasks()
  }

  /// Moves the parameters against their gradients, `rate` being a part of the highest and `caution`
  /// another where that is high; those that are no numbers change nothing.
  func step(rate: Double, caution: Double) {
    var trained: [TrainedParameter] = []
    for (index, id) in network.parameters.enumerated() {
      let range = network.range(of: id) ?? 0..<0
      let gradient = UnsafeMutableBufferPointer(rebasing: network.gradients[range])
      trained.append(
        TrainedParameter(
          values: UnsafeMutableBufferPointer(rebasing: network.values[range]),
          gradient: gradient, decays: decays[index]))
    }
    let norm = GradientNorm(trained, pool: network.pool)
    guard norm.isFinite else { return }
    for (index, id) in network.parameters.enumerated() {
      scores[id]?.add(UnsafeBufferPointer(trained[index].gradient))
    }
    let kept = network.parameters.map { masks[$0] }
    if isNormalized {
      optimizers[0].step(
        trained, masks: kept, rate: rate * caution * Self.normalizedRate,
        scale: norm.scale(limit: 5),
        pool: network.pool)
    } else {
      for (index, parameter) in trained.enumerated() {
        optimizers[index].step(
          [parameter], masks: [kept[index]], rate: rate * sizes[index] * Self.relativeRate,
          pool: network.pool)
      }
    }
    average.update([UnsafeBufferPointer(network.values)], pool: network.pool)
  }

  /// Calls `body` while the parameters are the average of the last steps.
  func withAverage<R>(_ body: () throws(ConvertError) -> R) throws(ConvertError) -> R {
    guard average.steps > 0 else { return try body() }
    let values = [Float](network.values)
    _ = network.values.update(fromContentsOf: average.values[0])
    defer { _ = network.values.update(fromContentsOf: values) }
    return try body()
  }
}
