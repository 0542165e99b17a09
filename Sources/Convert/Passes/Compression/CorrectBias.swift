import Interpreter
import Kernels
import ModelFormat
import Operators

/// Takes the mean error of rounded weights out of the biases.
///
/// A layer whose weights are off by `d` puts out `d · E[x]` too much on average, `E[x]` being the mean of
/// what it reads, padding counted (Nagel et al., "Data-Free Quantization Through Weight Equalization and
/// Bias Correction", 2019, section 4.2). Needs the means of calibration, no labels.
struct CorrectBias {
  /// The mean of each input channel, for values that layers read.
  let means: [ValueID: [Float]]

  /// Corrects the biases of `graph`.
  ///
  /// Its weights may differ from those of `original`, a graph with the same nodes and values. Returns how many
  /// layers were corrected.
  func apply(_ graph: inout Graph, _ original: Graph, _ nodes: [WeightedNode]) -> Int {
    var corrected = 0
    var names = FreshNames(graph)
    var budget = GrowthBudget(graph)
    for layer in nodes {
      let node = graph.nodes[layer.position]
      guard let input = node.inputs[0], let means = means[input],
        let sizes = original.productSizes(of: node), let before = original[layer.weights].constant,
        let after = graph[layer.weights].constant,
        let error = Self.error(before.floats(), after.floats(), means, sizes),
        error.contains(where: { $0 != 0 })
      else { continue }
      let same = [Double](repeating: 1, count: error.count)
      if graph.scaleOutputs(
        of: layer.position, by: same, plus: error.map { -$0 }, names: &names, budget: &budget)
      {
        corrected += 1
      }
    }
    return corrected
  }

  /// The mean error of each output channel.
  private static func error(
    _ before: [Float], _ after: [Float], _ means: [Float], _ sizes: ConvolutionGeometry
  ) -> [Double]? {
    let taps = sizes.kernelHeight * sizes.kernelWidth
    let (groups, outputs) = (sizes.groups, sizes.outputChannels)
    let inputs = sizes.inputChannels / groups
    guard before.count == outputs * inputs * taps, after.count == before.count,
      means.count == sizes.inputChannels, means.allSatisfy(\.isFinite)
    else { return nil }
    let coverage = coverage(sizes)
    return (0..<outputs).map { output in
      let firstInput = output / (outputs / groups) * inputs
      var sum = 0.0
      for input in 0..<inputs {
        let start = (output * inputs + input) * taps
        var part = 0.0
        for tap in 0..<taps {
          part += Double(after[start + tap] - before[start + tap]) * coverage[tap]
        }
        sum += part * Double(means[firstInput + input])
      }
      return sum
    }
  }

  /// For each tap the part of all output pixels for which it lies on the input, not on padding.
  private static func coverage(_ sizes: ConvolutionGeometry) -> [Double] {
    func part(_ tap: Int, _ input: Int, _ output: Int, _ stride: Int, _ pad: Int, _ dilation: Int)
      -> Double
    {
      let inside = (0..<output).count { position in
        (0..<input).contains(position * stride - pad + tap * dilation)
      }
      return Double(inside) / Double(max(1, output))
    }
    let rows = (0..<sizes.kernelHeight).map {
      part(
        $0, sizes.inputHeight, sizes.outputHeight, sizes.strideHeight, sizes.padTop,
        sizes.dilationHeight)
    }
    let columns = (0..<sizes.kernelWidth).map {
      part(
        $0, sizes.inputWidth, sizes.outputWidth, sizes.strideWidth, sizes.padLeft,
        sizes.dilationWidth)
    }
    return rows.flatMap { row in columns.map { row * $0 } }
  }
}
