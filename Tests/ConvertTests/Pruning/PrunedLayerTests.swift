import Interpreter
import Kernels
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Layers as their operators hold them: groups, columns of matrices, biases, residual connections.
@Suite struct PrunedLayerTests {
  static func half(_ fraction: Double = 0.5) -> PrunedLayer.Zeros {
    .init(pattern: .unstructured(fraction), fraction: fraction)
  }

  static func solve(_ problem: LayerProblem, _ current: Tensor) throws -> PrunedLayer {
    let pruning = try #require(PruningProblem(problem, LayerCase.product))
    return try #require(pruning.solve(half(), current: current))
  }

  @Test func groupsAreLayersOfTheirOwn() throws {
    let layer = LayerCase(rows: 12, n: 36, groups: 3, columns: 300, seed: 2)
    let shape: Shape = [12, 4, 3, 3]
    let whole = try Self.solve(layer.problem(shape, hasBias: true), layer.tensor(shape))
    let elements = whole.tensor.floats()
    #expect(elements.count { $0 == 0 } == 216)
    for group in 0..<3 {
      var moments = Moments(groups: 1, n: 36, hasDense: false)
      let size = 36 * layer.columns
      moments.add(
        Array(layer.inputs[group * size..<(group + 1) * size]), dense: nil,
        columns: layer.columns, LayerCase.product)
      let rows = group * 4 * 36..<(group + 1) * 4 * 36
      let weights = Array(layer.weights[rows])
      let alone = try Self.solve(
        LayerProblem(
          weights: weights, moments: moments, hasBias: true, shape: [4, 4, 3, 3], axis: 0),
        Tensor(weights.map { Float($0) }, shape: [4, 4, 3, 3]))
      #expect(alone.tensor.floats() == Array(elements[rows]))
      #expect(alone.shifts == Array(whole.shifts[group * 4..<(group + 1) * 4]))
    }
    let error = layer.error(elements.map { Double($0) }, shifts: whole.shifts)
    #expect(error < 0.4 * layer.error(layer.byMagnitude(0.5)))
  }

  @Test func weightsInColumnsAreRowsOfTheTranspose() throws {
    let layer = LayerCase(rows: 10, n: 24, columns: 200, seed: 4)
    let rows = try Self.solve(layer.problem([10, 24]), layer.tensor([10, 24]))
    let columns = try Self.solve(
      layer.problem([24, 10], axis: 1), layer.tensor([24, 10], axis: 1))
    let (a, b) = (rows.tensor.floats(), columns.tensor.floats())
    #expect(columns.tensor.shape == [24, 10])
    for (index, weight) in a.enumerated() {
      let (row, k) = index.quotientAndRemainder(dividingBy: 24)
      #expect(weight == b[k * 10 + row])
    }
    #expect(a.count { $0 == 0 } == 120)
  }

  /// Blocks and patterns of a MatMul lie along what is summed over, its first dimension.
  @Test func patternsOfColumnsLieAlongTheInputs() throws {
    let layer = LayerCase(rows: 6, n: 32, columns: 200, seed: 5)
    let pruning = try #require(
      PruningProblem(layer.problem([32, 6], axis: 1), LayerCase.product))
    let current = layer.tensor([32, 6], axis: 1)
    let pattern = try #require(
      pruning.solve(.init(pattern: .pattern(keep: 2, of: 4), fraction: 1), current: current))
    let blocks = try #require(
      pruning.solve(.init(pattern: .block(0.5), fraction: 0.5), current: current))
    for row in 0..<6 {
      for group in 0..<8 {
        func zeros(_ layer: PrunedLayer) -> Int {
          let elements = layer.tensor.floats()
          return (0..<4).count { elements[(group * 4 + $0) * 6 + row] == 0 }
        }
        #expect(zeros(pattern) == 2)
        #expect([0, 4].contains(zeros(blocks)))
      }
    }
    #expect(blocks.tensor.floats().count { $0 == 0 } == 96)
  }

  @Test func biasesTakeWhatMeansHaveMoved() throws {
    let layer = LayerCase(rows: 8, n: 30, columns: 500, seed: 6)
    let found = try Self.solve(layer.problem([8, 30], hasBias: true), layer.tensor([8, 30]))
    let wanted = layer.outputs(layer.weights)
    let outputs = layer.outputs(found.tensor.floats().map { Double($0) }, shifts: found.shifts)
    for row in 0..<8 {
      let range = row * layer.columns..<(row + 1) * layer.columns
      let mean = range.reduce(0) { $0 + outputs[$1] - wanted[$1] } / Double(layer.columns)
      #expect(abs(mean) < 1e-4)
    }
    #expect(found.shifts.contains { abs($0) > 1e-3 })
  }

  /// What a residual connection lacks follows in part from what the layer reads.
  @Test func layersMakeGoodForTheirResidual() throws {
    let layer = LayerCase(rows: 6, n: 20, columns: 400, seed: 8)
    var random = SeededGenerator(seed: 9)
    let lost = random.normal(120, deviation: 0.1).map { Double($0) }
    let noise = random.uniform(6 * 400).map { 0.05 * Double($0) }
    let residual = zip(layer.outputs(lost), noise).map { $0 + $1 + 0.3 }
    let goal = zip(layer.outputs(layer.weights), residual).map { $0 + $1 }
    func error(_ isKnown: Bool, _ zeros: PrunedLayer.Zeros?) throws -> Double {
      var moments = layer.moments
      if isKnown {
        moments.addResidual(
          residual.map { Float($0) }, layer.inputs, columns: 400, LayerCase.product)
      }
      let pruning = try #require(
        PruningProblem(
          layer.problem([6, 20], moments: moments, hasBias: true), LayerCase.product))
      let found = try #require(pruning.solve(zeros, current: layer.tensor([6, 20])))
      return layer.error(
        found.tensor.floats().map { Double($0) }, shifts: found.shifts, goal: goal)
    }
    #expect(try error(true, nil) < 0.1 * error(false, nil))
    #expect(try error(true, Self.half()) < 0.7 * error(false, Self.half()))
  }

  /// A block behind a convolution that is to be pruned: 12 outputs of nine inputs, so that some tell what
  /// others have lost.
  static func residualNetwork(isBranchSeen: Bool) throws -> Graph {
    var builder = TestSupport.GraphBuilder(seed: 12)
    let x = builder.input([1, 1, 8, 8])
    let stem = builder.node("Relu", builder.conv(x, 12, from: 1, name: "first"))
    let inner = builder.node(
      "Relu", builder.conv(stem, 40, from: 12, kernel: 1, name: "inner"))
    let last = builder.conv(inner, 12, from: 40, kernel: 1, name: "last")
    let sum = builder.node("Add", last, stem, name: "sum")
    var graph = isBranchSeen ? builder.finish(sum, last) : builder.finish(sum)
    try graph.inferShapes()
    return graph
  }

  @Test func lastLayersOfBlocksRepairTheirShortcut() throws {
    /// The error of the sum, the part of zeros in the first layer given.
    func error(isBranchSeen: Bool, fits: Bool) throws -> Double {
      let dense = try Self.residualNetwork(isBranchSeen: isBranchSeen)
      var graph = dense
      var options = ConversionOptions(input: "residual")
      options.samples = 40
      var samples = try SampleSet(options, dense)
      let layers = graph.weightedNodes(.none)
      let step = SampledPruning(
        options: options, progress: { _ in }, zeros: ["first": Self.half(0.6)])
      let effect = try step.apply(&graph, fits ? layers : [layers[0]], &samples)
      #expect(effect.layers == (fits ? 3 : 1) && effect.samples == 40)
      #expect(effect.byMagnitude.isEmpty)
      var total = 0.0
      var random = SeededGenerator(seed: 77)
      let (before, after) = (try Interpreter(dense), try Interpreter(graph))
      for _ in 0..<8 {
        let input = random.normal(64)
        try input.withUnsafeBytes {
          try before.setInput(0, $0)
          try after.setInput(0, $0)
        }
        try before.run()
        try after.run()
        total += zip(before.floats(0), after.floats(0)).reduce(0) {
          $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1))
        }
      }
      return total
    }
    let pruned = try error(isBranchSeen: false, fits: false)
    let repaired = try error(isBranchSeen: false, fits: true)
    // An output of its own says what the last layer's has to be: it is fitted to that alone.
    let separate = try error(isBranchSeen: true, fits: true)
    #expect(repaired < 0.95 * pruned, "\(repaired) of \(pruned)")
    #expect(repaired < 0.97 * separate, "\(repaired) of \(separate)")
  }

  @Test func layersThatCannotBeFittedArePrunedByMagnitude() throws {
    var builder = TestSupport.GraphBuilder(seed: 3)
    let x = builder.input([1, 4, 5, 5])
    let y = builder.nodes(
      "ConvTranspose", [x, builder.weights(4, 8, 2, 2)], ["strides": .ints([2, 2])], outputs: 1,
      name: "up")[0]
    var graph = builder.finish(y)
    try graph.inferShapes()
    let options = ConversionOptions(input: "up")
    var samples = try SampleSet(options, graph)
    let dense = graph
    let step = SampledPruning(
      options: options, progress: { _ in }, zeros: ["up": Self.half(0.25)])
    let effect = try step.apply(&graph, graph.weightedNodes(.none), &samples)
    #expect(effect.byMagnitude == ["up"])
    let wanted = PruneTests.prune(dense, .unstructured(0.25)).layers[0].after
    #expect(graph.floats(graph.nodes[0].inputs[1]) == wanted)
  }
}
