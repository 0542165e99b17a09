/// Finds the constants of `KernelCosts` from measured times: least squares of relative errors.
///
/// Constants that measurements tell apart badly (tiles come with vectors) stay near those that are in
/// use. None is negative, and no multiply takes less than the half cycle that the unit of cycles is made
/// of.
package struct CostFit: Sendable {
  /// One constant by its name in `KernelCosts`, before and after.
  package struct Constant: Sendable {
    package let name: String
    package let used: Double
    package let found: Double
  }

  private struct Sample {
    let features: [Double]
    let cycles: Double
  }

  private let costs: KernelCosts
  private let isInteger: Bool
  private var dense: [Sample] = []
  private var lanes: [Sample] = []
  private var balanced: [Sample] = []

  /// A fit without measurements, of products of bytes or of floats.
  package init(isInteger: Bool) {
    self.isInteger = isInteger
    costs = isInteger ? .u8s8 : .f32
  }

  /// The stored weights (quads for bytes) that a sparse product of these sizes could have at most.
  package func capacity(_ g: ConvolutionGeometry) -> Int { plan(g).rows * g.outputChannels }

  /// The cycles that the constants in use expect of a product.
  package func expected(_ g: ConvolutionGeometry, _ work: ProductWork) -> Double {
    switch work {
    case .dense: costs.dense(g, rows: plan(g).rows)
    case .lanes(let stored): costs.sparse(plan(g), stored: stored)
    case .balanced(let steps, let segments):
      costs.balanced(g, steps: steps, segments: segments)
    }
  }

  /// Adds what a product took; those of so few pixels that memory bounds them say nothing.
  package mutating func add(_ g: ConvolutionGeometry, _ work: ProductWork, cycles: Double) {
    guard g.outputPixels >= KernelCosts.fewestPixels else { return }
    switch work {
    case .dense:
      dense.append(Sample(features: Self.denseFeatures(g, plan(g).rows), cycles: cycles))
    case .lanes(let stored):
      lanes.append(Sample(features: Self.lanesFeatures(plan(g), stored), cycles: cycles))
    case .balanced(let steps, let segments):
      let features = Self.balancedFeatures(g, steps: steps, segments: segments)
      balanced.append(Sample(features: features, cycles: cycles))
    }
  }

  /// The constants that fit best, in the order of `KernelCosts`.
  package func constants() -> [Constant] {
    var all = fitted(
      ["denseStep", "denseStore"], dense, used: [costs.denseStep, costs.denseStore],
      least: [0.5, 0])
    all += fitted(
      ["sparseStep", "sparseWeight", "sparseSums", "sparseOutput", "transposition", "sparseStore"],
      lanes,
      used: [
        costs.sparseStep, costs.sparseWeight, costs.sparseSums, costs.sparseOutput,
        costs.transposition, costs.sparseStore,
      ], least: [0.5, 0, 0, 0, 0, 0])
    guard isInteger else { return all }
    return all
      + fitted(
        ["balancedStep", "balancedSegment", "balancedPanel", "balancedStore"], balanced,
        used: [
          costs.balancedStep, costs.balancedSegment, costs.balancedPanel, costs.balancedStore,
        ], least: [0.5, 0, 0, 0])
  }

  private func fitted(
    _ names: [String], _ samples: [Sample], used: [Double], least: [Double]
  ) -> [Constant] {
    let found = Self.solve(samples, near: used, least: least)
    return names.indices.map { Constant(name: names[$0], used: used[$0], found: found[$0]) }
  }

  private func plan(_ g: ConvolutionGeometry) -> SparsePlan {
    SparsePlan(g, words: isInteger ? (g.inputChannels + 3) / 4 : g.inputChannels)
  }

  /// What `denseStep` and `denseStore` are multiplied by in `KernelCosts.dense`.
  private static func denseFeatures(_ g: ConvolutionGeometry, _ rows: Int) -> [Double] {
    let vectors = Double(g.outputPixels * ((g.outputChannels + 15) / 16))
    return [vectors * Double(rows), vectors]
  }

  /// What the other constants are multiplied by in `KernelCosts.sparse`.
  private static func lanesFeatures(_ plan: SparsePlan, _ stored: Int) -> [Double] {
    let (vectors, tiles) = (Double(plan.vectors), Double(plan.tiles))
    let outputs = Double(plan.outputs * plan.chunks)
    return [
      Double(stored) * vectors, Double(stored) * tiles, outputs * vectors, outputs * tiles,
      vectors * Double(plan.rows), vectors * Double(plan.panels) * 16,
    ]
  }

  /// What those are multiplied by in `KernelCosts.balanced`.
  private static func balancedFeatures(
    _ g: ConvolutionGeometry, steps: Int, segments: Int
  ) -> [Double] {
    let (pixels, panels) = (Double(g.outputPixels), Double((g.outputChannels + 15) / 16))
    let tiles = Double((g.outputPixels + 13) / 14)
    return [pixels * Double(steps), tiles * Double(segments), tiles * panels, pixels * panels]
  }

  /// Minimizes Σ (features · c / cycles - 1)² + Σ (0.1 (c / near - 1))², one constant at a time; then
  /// again without the samples that are more than a third off, which something disturbed or the model
  /// does not describe.
  private static func solve(
    _ samples: [Sample], near: [Double], least: [Double]
  ) -> [Double] {
    guard !samples.isEmpty else { return near }
    var rows = samples.map { sample in sample.features.map { $0 / max(sample.cycles, 1) } }
    var constants = near
    for _ in 0..<5 {
      descend(rows, near, least, &constants)
      let kept = rows.filter { row in
        let expected = zip(row, constants).reduce(0) { $0 + $1.0 * $1.1 }
        return expected > 0.67 && expected < 1.5
      }
      guard kept.count < rows.count, kept.count * 2 >= samples.count else { break }
      rows = kept
    }
    return constants
  }

  private static func descend(
    _ rows: [[Double]], _ near: [Double], _ least: [Double], _ constants: inout [Double]
  ) {
    for _ in 0..<2000 {
      for k in constants.indices {
        let weight = 0.01 / (near[k] * near[k])
        var numerator = weight * near[k]
        var denominator = weight
        for row in rows {
          var rest = 1.0
          for other in constants.indices where other != k { rest -= row[other] * constants[other] }
          numerator += row[k] * rest
          denominator += row[k] * row[k]
        }
        constants[k] = max(least[k], numerator / denominator)
      }
    }
  }
}
