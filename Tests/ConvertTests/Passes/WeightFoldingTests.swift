import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Constants around products and normalizations that join their weights, and those that must not.
@Suite struct WeightFoldingTests {
  /// Requires that `pass` makes `expected` of what `build` gives, and that it computes the same.
  @discardableResult
  private func expect(
    _ pass: GraphPass, _ expected: [String],
    _ build: (inout TestSupport.GraphBuilder) -> ValueID
  ) throws -> Graph {
    var builder = TestSupport.GraphBuilder()
    let output = build(&builder)
    let before = try builder.finish(output).applying(.foldConstants, .normalizeLinear)
    let after = try before.applying(pass, .removeDeadNodes)
    #expect(after.operators == expected)
    let computed = try before.outputs(seed: 9)
    #expect(error(try after.outputs(seed: 9)[0], computed[0]) < 1e-5)
    return after
  }

  private func ones(_ b: inout TestSupport.GraphBuilder, _ count: Int) -> ValueID {
    b.constant(Tensor([Float](repeating: 1, count: count), shape: [count]))
  }

  // MARK: Scale and bias of normalizations

  @Test func factorsAndSummandsJoinLayerNormalization() throws {
    try expect(.foldAffine, ["LayerNormalization"]) { b in
      let norm = b.node("LayerNormalization", b.input([2, 3, 8]), ones(&b, 8))
      return b.add(b.weights(8), b.mul(norm, b.weights(8)))
    }
    try expect(.foldAffine, ["LayerNormalization"]) { b in
      let norm = b.node(
        "LayerNormalization", b.input([2, 3, 8]), b.constant(Tensor([1], shape: [1])),
        attributes: ["axis": .int(1)])
      return b.node("Sub", b.div(norm, b.number(3)), b.weights(3, 1))
    }
  }

  @Test func factorsOfOtherDimensionsStay() throws {
    try expect(.foldAffine, ["LayerNormalization", "Mul"]) { b in
      let norm = b.node("LayerNormalization", b.input([2, 3, 8]), ones(&b, 8))
      return b.mul(norm, b.weights(3, 1))
    }
  }

  @Test func normalizationsWithoutBiasTakeFactorsAlone() throws {
    try expect(.foldAffine, ["RMSNormalization", "Add"]) { b in
      let norm = b.node("RMSNormalization", b.input([2, 3, 8]), ones(&b, 8))
      return b.add(b.mul(b.weights(8), norm), b.weights(8))
    }
  }

  @Test func factorsJoinNormalizationsOfChannels() throws {
    for op in ["GroupNormalization", "InstanceNormalization"] {
      try expect(.foldAffine, [op]) { b in
        let norm = b.node(
          op, b.input([2, 4, 3, 3]), ones(&b, 4), b.weights(4),
          attributes: op == "GroupNormalization" ? ["num_groups": .int(2)] : [:])
        return b.add(b.mul(norm, b.weights(4, 1, 1)), b.weights(1, 4, 1, 1))
      }
    }
  }

  @Test func normalizationsOfBatchesJoinOneAnother() throws {
    try expect(.foldAffine, ["BatchNormalization"]) { b in
      func normalized(_ x: ValueID) -> ValueID {
        let variance = b.constant(Tensor([0.5, 1, 2, 3], shape: [4]))
        return b.node("BatchNormalization", x, b.weights(4), b.weights(4), b.weights(4), variance)
      }
      return normalized(normalized(b.input([2, 4, 3, 3])))
    }
  }

  @Test func normalizationsThatOthersReadKeepTheirScale() throws {
    try expect(.foldAffine, ["LayerNormalization", "Mul", "Sub"]) { b in
      let norm = b.node("LayerNormalization", b.input([2, 3, 8]), ones(&b, 8))
      return b.node("Sub", b.mul(norm, b.weights(8)), norm)
    }
  }

  // MARK: Padding

  private func pad(_ b: inout TestSupport.GraphBuilder, _ x: ValueID, _ value: Float = 0) -> ValueID
  {
    let pads = b.constant(Tensor([0, 0, 1, 0, 0, 0, 2, 1] as [Int64]))
    return b.node("Pad", x, pads, b.number(Double(value)))
  }

  @Test func bordersOfZeroJoinConvolutions() throws {
    let after = try expect(.foldPadding, ["Conv"]) { b in
      b.conv(pad(&b, b.input([1, 3, 6, 5])), 4, from: 3)
    }
    #expect(after.nodes[0].attributes["pads"] == .ints([2, 1, 3, 2]))
  }

  @Test func bordersOfTheLowestNumberJoinMaxPool() throws {
    let window: [String: Attribute] = ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2])]
    try expect(.foldPadding, ["MaxPool"]) { b in
      b.node("MaxPool", pad(&b, b.input([1, 3, 6, 5]), -.infinity), attributes: window)
    }
    try expect(.foldPadding, ["Pad", "MaxPool"]) { b in
      b.node("MaxPool", pad(&b, b.input([1, 3, 6, 5])), attributes: window)
    }
  }

  @Test func bordersJoinMeansThatCountThem() throws {
    let window: [String: Attribute] = ["kernel_shape": .ints([3, 3])]
    try expect(.foldPadding, ["AveragePool"]) { b in
      b.node("AveragePool", pad(&b, b.input([1, 3, 6, 5])), attributes: window)
    }
    try expect(.foldPadding, ["Pad", "AveragePool"]) { b in
      let own = window.merging(["pads": .ints([0, 0, 0, 1])]) { $1 }
      return b.node("AveragePool", pad(&b, b.input([1, 3, 6, 5])), attributes: own)
    }
  }

  @Test func bordersOfOtherNumbersOrChannelsStay() throws {
    try expect(.foldPadding, ["Pad", "Conv"]) { b in
      b.conv(pad(&b, b.input([1, 3, 6, 5]), 1), 4, from: 3)
    }
    try expect(.foldPadding, ["Pad", "Conv"]) { b in
      let pads = b.constant(Tensor([0, 1, 1, 0, 0, 0, 0, 0] as [Int64]))
      return b.conv(b.node("Pad", b.input([1, 3, 6, 5]), pads), 4, from: 4)
    }
    try expect(.foldPadding, ["Pad", "Conv"]) { b in
      let pads = b.constant(Tensor([0, 0, 1, 1, 0, 0, 1, 1] as [Int64]))
      let x = b.node("Pad", b.input([1, 3, 6, 5]), pads, attributes: ["mode": .string("reflect")])
      return b.conv(x, 4, from: 3)
    }
  }

  // MARK: What comes before a product

  private func pointwise(
    _ b: inout TestSupport.GraphBuilder, _ x: ValueID, from inputs: Int, group: Int = 1
  ) -> ValueID {
    b.conv(x, 4, from: inputs, kernel: 1, group: group)
  }

  @Test func factorsAndSummandsJoinTheConvolutionBehindThem() throws {
    for group in [1, 2] {
      try expect(.foldInputScale, ["Conv"]) { b in
        let x = b.mul(b.input([2, 4, 3, 3]), b.weights(4, 1, 1))
        return pointwise(&b, b.node("Sub", x, b.weights(4, 1, 1)), from: 4, group: group)
      }
    }
  }

  @Test func factorsAloneJoinConvolutionsWithPadding() throws {
    try expect(.foldInputScale, ["Conv"]) { b in
      b.conv(b.div(b.input([2, 4, 3, 3]), b.number(255)), 4, from: 4)
    }
    try expect(.foldInputScale, ["Add", "Conv"]) { b in
      b.conv(b.add(b.input([2, 4, 3, 3]), b.weights(4, 1, 1)), 4, from: 4)
    }
  }

  @Test func normalizationsJoinTheConvolutionBehindThem() throws {
    try expect(.foldInputScale, ["Conv"]) { b in
      let variance = b.constant(Tensor([0.5, 1, 2, 3], shape: [4]))
      let x = b.input([2, 4, 3, 3])
      let norm = b.node("BatchNormalization", x, b.weights(4), b.weights(4), b.weights(4), variance)
      return pointwise(&b, norm, from: 4)
    }
  }

  @Test func factorsJoinGemm() throws {
    try expect(.foldInputScale, ["Gemm"]) { b in
      let x = b.add(b.mul(b.input([2, 6]), b.weights(6)), b.number(0.5))
      return b.node("Gemm", x, b.weights(4, 6), b.weights(4), attributes: ["transB": .int(1)])
    }
  }

  @Test func factorsThatOthersReadOrThatDifferByPixelStay() throws {
    try expect(.foldInputScale, ["Mul", "Conv", "Sub"]) { b in
      let x = b.mul(b.input([2, 4, 3, 3]), b.weights(4, 1, 1))
      return b.node("Sub", pointwise(&b, x, from: 4), x)
    }
    try expect(.foldInputScale, ["Mul", "Conv"]) { b in
      pointwise(&b, b.mul(b.input([2, 4, 3, 3]), b.weights(3, 1)), from: 4)
    }
  }
}
