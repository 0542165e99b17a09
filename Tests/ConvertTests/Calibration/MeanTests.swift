import Foundation
import Interpreter
import ModelFormat
import Operators
import TestSupport
import Testing

@testable import Convert

/// Means of what layers read, and what biases make of them.
@Suite struct MeanTests {
  @Test(arguments: [Layout.rowMajor, .channelsLast])
  func channelsHaveTheirMeans(_ layout: Layout) throws {
    let shape: Shape = [2, 3, 5, 4]
    var random = SeededGenerator(seed: 1)
    let elements = random.uniform(shape.count)
    var sums = try #require(
      InputMeans(
        ValueFacts(type: .float32, shape: shape, layout: layout), as: shape, squares: true))
    elements.withUnsafeBufferPointer { sums.add($0) }
    for channel in 0..<3 {
      let own = elements.indices.filter { index in
        layout == .channelsLast ? index % 3 == channel : index / 20 % 3 == channel
      }.map { elements[$0] }
      let mean = own.reduce(0, +) / Float(own.count)
      let square = own.reduce(0) { $0 + $1 * $1 } / Float(own.count)
      #expect(abs(sums.means[channel] - mean) < 1e-5)
      #expect(abs(sums.rootMeanSquares[channel] - square.squareRoot()) < 1e-5)
    }
  }

  @Test func flattenedImagesHaveTheMeansOfTheirElements() throws {
    // Channels last in memory, row-major as the layer behind the Flatten reads them.
    let shape: Shape = [1, 2, 1, 3]
    var sums = try #require(
      InputMeans(
        ValueFacts(type: .float32, shape: shape, layout: .channelsLast), as: [1, 6]))
    [0, 10, 1, 11, 2, 12].withUnsafeBufferPointer { (buffer: UnsafeBufferPointer<Float>) in
      sums.add(buffer)
    }
    #expect(sums.means == [0, 1, 2, 10, 11, 12])
  }

  /// A network of one convolution with padding, stride and groups.
  private func network(group: Int) throws -> Graph {
    var builder = GraphBuilder(seed: 3)
    let x = builder.input([1, 8, 9, 9])
    let y = builder.nodes(
      "Conv", [x, builder.weights(8, 8 / group, 3, 3)],
      ["pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2]), "group": .int(Int64(group))],
      outputs: 1, name: "conv")[0]
    var graph = builder.finish(y)
    try graph.inferShapes()
    return graph
  }

  @Test(arguments: [1, 4, 8])
  func correctedBiasesTakeTheMeanErrorAway(_ group: Int) throws {
    let float = try network(group: group)
    // Every channel constant, each another: the mean says all.
    let means = (0..<8).map { Float($0) * 0.3 - 1 }
    let input = means.flatMap { [Float](repeating: $0, count: 81) }
    var changed = float
    let weights = try #require(float.nodes[0].inputs[1])
    var random = SeededGenerator(seed: 8)
    let tensor = try #require(float[weights].constant)
    let off = zip(tensor.floats(), random.uniform(tensor.shape.count)).map { $0 + 0.1 * $1 }
    changed[weights].constant = Tensor(off, shape: tensor.shape)
    func output(_ graph: Graph) throws -> [Float] {
      let interpreter = try Interpreter(graph)
      try input.withUnsafeBytes { try interpreter.setInput(0, $0) }
      try interpreter.run()
      return interpreter.floats(0)
    }
    func meanErrors(_ graph: Graph) throws -> [Float] {
      let (a, b) = (try output(float), try output(graph))
      return (0..<8).map { channel in
        (0..<25).reduce(0) { $0 + b[channel * 25 + $1] - a[channel * 25 + $1] } / 25
      }
    }
    #expect(try meanErrors(changed).contains { abs($0) > 0.02 })
    let count = CorrectBias(means: [float.inputs[0]: means])
      .apply(&changed, float, float.weightedNodes(.none))
    #expect(count == 1)
    for error in try meanErrors(changed) { #expect(abs(error) < 1e-5) }
  }

  @Test func normalizationPromisesMeans() throws {
    var builder = GraphBuilder(seed: 2)
    let x = builder.input([1, 2, 4, 4])
    let convolved = builder.conv(x, 2, from: 2)
    let normalized = builder.node(
      "BatchNormalization", convolved, builder.constant(Tensor([2, 0.5], shape: [2])),
      builder.constant(Tensor([1, -1], shape: [2])), builder.weights(2),
      builder.constant(Tensor([1, 1], shape: [2])), name: "norm")
    let clipped = builder.node(
      "Clip", normalized, builder.constant(Tensor([0], shape: [])),
      builder.constant(Tensor([3], shape: [])), name: "clip")
    let sum = builder.node("Add", clipped, normalized, name: "sum")
    let graph = builder.finish(sum)
    let means = NormalizedMeans(graph).means
    #expect(means["norm.y"] == [1, -1])
    // Means over many numbers of a normal distribution, by the Box-Muller method.
    var random = SeededGenerator(seed: 12)
    var sums = [0.0, 0.0]
    let count = 200_000
    for _ in 0..<count {
      let radius = (-2 * log(Double.random(in: 1e-12..<1, using: &random))).squareRoot()
      let z = radius * cos(2 * .pi * Double.random(in: 0..<1, using: &random))
      sums[0] += min(max(1 + 2 * z, 0), 3)
      sums[1] += min(max(-1 + 0.5 * z, 0), 3)
    }
    let found = try #require(means["clip.y"])
    for channel in 0..<2 {
      #expect(abs(Double(found[channel]) - sums[channel] / Double(count)) < 0.01)
    }
    let added = try #require(means["sum.y"])
    #expect(abs(added[0] - found[0] - 1) < 1e-6)
  }
}
