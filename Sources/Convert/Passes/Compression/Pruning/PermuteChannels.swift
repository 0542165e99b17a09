import Kernels
import ModelFormat

/// Brings channels into the order in which a pattern of zeros costs least; the network computes the same.
///
/// Channels of a class (`ChannelClasses`) change places in all that makes and reads them. What a weight counts is
/// its square times the variance of what it is multiplied with, as a part of its layer's sum.
struct PermuteChannels {
  let options: ConversionOptions
  let pattern: ConversionOptions.Pruning

  /// Samples and places that variances are taken from: they need few.
  private static let samples = 64, places = 2_048
  /// Rows of weights that decide on the order of a class.
  private static let rows = 4_096

  /// Permutes the channels that layers in `nodes` read, and returns how many classes of them were.
  func apply(
    _ graph: inout Graph, _ nodes: [WeightedNode], _ samples: inout SampleSet
  ) throws(ConvertError) -> Int {
    let classes = ChannelClasses(graph, for: .permutation).classes
    let wanted = Set(nodes.map(\.position))
    guard classes.contains(where: { $0.consumers.contains(where: wanted.contains) }) else {
      return 0
    }
    var problems = try LayerProblems(
      graph, &samples, most: Self.samples, places: Self.places, placesPerProduct: 1,
      options: options)
    var scores: [Int: LayerScores] = [:]
    for node in nodes {
      guard let problem = try problems.problem(of: node, in: graph, isChanged: false) else {
        continue
      }
      scores[node.position] = Self.scores(problem)
    }
    var changed = 0
    for group in classes {
      let columns = Self.columns(
        group.consumers.compactMap { scores[$0] }, channels: group.channels)
      let search = ChannelOrder(
        scores: columns, channels: group.channels, pool: problems.product.pool)
      guard !columns.isEmpty, let order = search.order(for: pattern, seed: options.seed) else {
        continue
      }
      for position in group.producers { graph.permuteRows(of: position, order) }
      for position in group.followers { graph.permuteRows(of: position, order) }
      for position in group.consumers { graph.permuteColumns(of: position, order) }
      changed += 1
    }
    return changed
  }

  /// What each weight of a layer counts, [outputs][channels][taps], all of them together one.
  private struct LayerScores {
    let elements: [Float]
    let taps: Int
  }

  private static func scores(_ problem: LayerProblem) -> LayerScores? {
    guard problem.moments.groups == 1, problem.axis == 0 else { return nil }
    let moments = GroupMoments(problem.moments, group: 0, isCentered: true)
    let n = moments.n
    let variances = (0..<n).map { max(0, moments.products[$0 * n + $0]) }
    var scores = problem.weights.indices.map { index in
      Float(problem.weights[index] * problem.weights[index] * variances[index % n])
    }
    let sum = scores.reduce(0, +)
    guard sum > 0, sum.isFinite else { return nil }
    for index in scores.indices { scores[index] /= sum }
    return LayerScores(elements: scores, taps: problem.shape.dimensions[2...].reduce(1, *))
  }

  /// The scores of all layers that read a class, [channels][rows]: a row for each tap of each output.
  private static func columns(_ layers: [LayerScores], channels: Int) -> [Float] {
    let count = layers.reduce(0) { $0 + $1.elements.count / channels }
    let step = max(1, (count + rows - 1) / rows)
    var found = [[Float]](repeating: [], count: channels)
    for layer in layers {
      let width = channels * layer.taps
      for row in stride(from: 0, to: layer.elements.count / channels, by: step) {
        let first = row / layer.taps * width + row % layer.taps
        for channel in 0..<channels {
          found[channel].append(layer.elements[first + channel * layer.taps])
        }
      }
    }
    return found.flatMap { $0 }
  }
}

extension Graph {
  /// Brings the outputs of a layer into another order: `order[k]` is what becomes output `k`.
  fileprivate mutating func permuteRows(of position: Int, _ order: [Int]) {
    let inputs = nodes[position].inputs
    for place in 1..<min(3, inputs.count) {
      guard let id = inputs[place], let tensor = self[id].constant else { continue }
      let rows = tensor.floats()
      let width = rows.count / max(1, order.count)
      let moved = order.flatMap { rows[$0 * width..<($0 + 1) * width] }
      nodes[position].inputs[place] = own(id, Tensor(moved, shape: tensor.shape), "permuted")
    }
  }

  /// Brings the input channels of a layer into another order.
  fileprivate mutating func permuteColumns(of position: Int, _ order: [Int]) {
    guard let id = nodes[position].inputs[1], let tensor = self[id].constant else { return }
    let elements = tensor.floats()
    let taps = tensor.shape.dimensions[2...].reduce(1, *)
    var moved: [Float] = []
    moved.reserveCapacity(elements.count)
    for row in 0..<tensor.shape[0] {
      for channel in order {
        let start = (row * order.count + channel) * taps
        moved += elements[start..<start + taps]
      }
    }
    nodes[position].inputs[1] = own(id, Tensor(moved, shape: tensor.shape), "permuted")
  }
}
