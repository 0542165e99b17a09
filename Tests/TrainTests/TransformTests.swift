import Interpreter
import Kernels
import ModelFormat
import TestSupport
import Testing

@testable import Train

/// Masks and fake quantization inside of a network.
struct TransformTests {
  private func network(
    threads: Int = 1, activations: ActivationQuantizer? = nil
  ) throws -> (TrainingNetwork, weights: ValueID, x: ValueID, y: ValueID) {
    var builder = GraphBuilder()
    let x = builder.input([1, 6])
    let weights = builder.weights(4, 6)
    let y = builder.nodes(
      "Gemm", [x, weights], ["transB": .int(1)], outputs: 1)[0]
    let end = builder.node("Sub", y, builder.constant(Tensor([0], shape: [1, 1])))
    var graph = builder.finish(end)
    try graph.inferShapes()
    let made = try TrainingNetwork(
      graph, batch: 3, parameters: [weights], threads: threads, keeps: [x],
      transforms: activations.map { [y: .rounding($0)] } ?? [:])
    var random = SeededGenerator(seed: 17)
    let input = try made.activation(x)
    for (index, value) in random.uniform(18).enumerated() { input[index] = 2 * value }
    return (made, weights, x, end)
  }

  /// One pass with a gradient of ones.
  private func pass(_ network: TrainingNetwork, _ y: ValueID) throws -> [Float] {
    network.clearGradients()
    network.forward()
    let result = [Float](try network.activation(y))
    try #require(try network.gradient(of: y)).update(repeating: 1)
    network.backward()
    return result
  }

  @Test func maskedWeightsAndTheirGradientsAreZero() throws {
    let (network, weights, _, y) = try network()
    let dense = try pass(network, y)
    let full = [Float](network.gradients[0..<24])
    var mask = WeightMask(keepingAll: 24)
    for index in [0, 5, 11, 23] { mask[index] = false }
    network.setTransform(.mask(mask), of: weights)
    let masked = try pass(network, y)
    #expect(masked != dense)
    let stored = try #require(network.graph()[weights].constant).floats()
    for index in 0..<24 {
      #expect(network.gradients[index] == (mask[index] ? full[index] : 0))
      #expect(stored[index] == (mask[index] ? network.values[index] : 0))
    }
  }

  @Test func roundedWeightsAreWhatTheNetworkUses() throws {
    let (network, weights, x, y) = try network()
    var mask = WeightMask(keepingAll: 24)
    mask[3] = false
    let quantizer = WeightQuantizer(scales: .fixed([0.005]))
    network.setTransform(.mask(mask).then(.rounding(quantizer)), of: weights)
    let result = try pass(network, y)
    let used = try #require(network.graph()[weights].constant).floats()
    let input = [Float](try network.activation(x))
    for row in 0..<3 {
      for channel in 0..<4 {
        let sum = (0..<6).reduce(Float(0)) { $0 + input[row * 6 + $1] * used[channel * 6 + $1] }
        expectClose([result[row * 4 + channel]], [sum])
      }
    }
    for index in 0..<24 {
      let weight = network.values[index]
      let level = min(max((weight / 0.005).rounded(.toNearestOrEven), -127), 127)
      #expect(used[index] == (index == 3 ? 0 : level * 0.005))
      // Beyond 127 steps of 0.005 nothing follows the weight.
      if abs(weight) > 0.64 || index == 3 { #expect(network.gradients[index] == 0) }
      if abs(weight) < 0.63, index != 3 { #expect(network.gradients[index] != 0) }
    }
    // A second time changes nothing.
    let gradients = [Float](network.gradients)
    #expect(try pass(network, y) == result)
    #expect([Float](network.gradients) == gradients)
  }

  @Test func roundedActivationsLieOnTheirGrid() throws {
    let quantizer = ActivationQuantizer(-1.2...1.5)
    let (network, _, x, y) = try network(activations: quantizer)
    let result = try pass(network, y)
    for value in result {
      let level = value / quantizer.scale
      #expect(abs(level - level.rounded()) < 1e-3)
      #expect(value <= 1.51 && value >= -1.21)
    }
    // Rows all of whose results are held at an end have no gradient: compare with sums by hand.
    let input = [Float](try network.activation(x))
    for channel in 0..<4 {
      for k in 0..<6 {
        var expected: Float = 0
        for row in 0..<3 {
          let sum = (0..<6).reduce(Float(0)) {
            $0 + input[row * 6 + $1] * network.values[channel * 6 + $1]
          }
          if sum > -1.2, sum < 1.5 { expected += input[row * 6 + k] }
        }
        let found = network.gradients[channel * 6 + k]
        #expect(abs(found - expected) < 1e-5, "\(found) \(expected)")
      }
    }
  }
}
