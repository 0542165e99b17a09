import ModelFormat
import Operators
import Testing

/// Operators on uint8 activations, against the same in real numbers.
@Suite struct QuantizedActivationsTests {
  static let layouts: [Layout] = [.rowMajor, .channelsLast]
  let input = Quantization(scale: 0.05, zeroPoint: 100)
  let result = Quantization(scale: 0.031, zeroPoint: 77)

  func image(_ shape: Shape, seed: Int = 1) -> Tensor {
    .bytes(
      (0..<shape.count).map { UInt8(truncatingIfNeeded: ($0 &+ seed) &* 197 &+ $0 / 3) }, shape)
  }

  func real(_ tensor: Tensor, _ quantization: Quantization) -> Tensor {
    Tensor(
      tensor.dense.array.map {
        quantization.scales[0] * Float(Int32($0) - quantization.zeroPoints[0])
      }, shape: tensor.shape)
  }

  func quantize(_ value: Float, _ quantization: Quantization) -> UInt8 {
    let stored =
      (value / quantization.scales[0]).rounded(.toNearestOrEven)
      + Float(quantization.zeroPoints[0])
    return UInt8(max(0, min(255, stored)))
  }

  /// Whether elements agree within one step, which a tie may cost.
  func expectClose(_ found: Tensor, _ real: Tensor, _ quantization: Quantization) {
    #expect(found.shape == real.shape)
    for (a, b) in zip(found.dense.array, real.floats()) {
      #expect(abs(Int(a) - Int(quantize(b, quantization))) <= 1)
    }
  }

  @Test(arguments: layouts) func averagesAreExactButForOneRounding(_ layout: Layout) throws {
    let x = image([2, 3, 7, 6])
    for counts in [0, 1] as [Int64] {
      let node = node(
        "AveragePool", inputs: 1,
        [
          "kernel_shape": .ints([3, 2]), "strides": .ints([2, 1]), "pads": .ints([1, 1, 0, 1]),
          "count_include_pad": .int(counts),
        ])
      let op = try #require(Operator.named("AveragePool"))
      let found = try op.run(node, [x], layout: layout, quantizations: [input], output: result)
      let expected = try op.evaluate(node: node, inputs: [real(x, input)])
      expectClose(found[0], expected[0], result)
    }
    let op = try #require(Operator.named("GlobalAveragePool"))
    let found = try op.run(
      node("GlobalAveragePool", inputs: 1), [x], layout: layout, quantizations: [input],
      output: result)
    let expected = try op.evaluate(
      node: node("GlobalAveragePool", inputs: 1), inputs: [real(x, input)])
    expectClose(found[0], expected[0], result)
  }

  @Test(arguments: layouts) func concatBringsInputsToTheOutputsParameters(_ layout: Layout) throws {
    let (a, b) = (image([1, 2, 3, 3]), image([1, 1, 3, 3], seed: 9))
    let other = Quantization(scale: 0.02, zeroPoint: 3)
    let op = try #require(Operator.named("Concat"))
    let node = node("Concat", inputs: 2, ["axis": .int(1)])
    let found = try op.run(
      node, [a, b], layout: layout, quantizations: [input, other], output: result)
    let expected = try op.evaluate(node: node, inputs: [real(a, input), real(b, other)])
    expectClose(found[0], expected[0], result)
    let same = try op.run(
      node, [a, b], layout: layout, quantizations: [input, input], output: input)
    #expect(same[0].dense.array == a.dense.array + b.dense.array)
  }

  @Test(arguments: layouts) func padsAreRealZerosOrTheGivenNumber(_ layout: Layout) throws {
    let x = image([1, 1, 1, 2])
    let op = try #require(Operator.named("Pad"))
    let pads = Tensor([0, 0, 0, 1, 0, 0, 0, 1] as [Int64])
    let zeros = try op.run(
      node("Pad", inputs: 2), [x, pads], layout: layout, quantizations: [input], output: input)
    #expect(zeros[0].dense.array == [100] + x.dense.array + [100])
    let ones = try op.run(
      node("Pad", inputs: 3), [x, pads, Tensor([1], shape: [])], layout: layout,
      quantizations: [input], output: input)
    #expect(ones[0].dense.array == [120] + x.dense.array + [120])
  }

  @Test(arguments: layouts) func linearResizeRoundsHalfToEven(_ layout: Layout) throws {
    let x = image([1, 3, 5, 4])
    let op = try #require(Operator.named("Resize"))
    let scales = Tensor([1, 1, 1.7, 2], shape: [4])
    let node = node("Resize", inputs: 3, ["mode": .string("linear")])
    let found = try op.run(
      node, [x, nil, scales], layout: layout, quantizations: [input], output: input)
    let plain = Tensor(x.dense.array.map { Float($0) }, shape: x.shape)
    let expected = try op.evaluate(node: node, inputs: [plain, nil, scales])
    #expect(
      found[0].dense.array == expected[0].floats().map { UInt8($0.rounded(.toNearestOrEven)) })
  }

  @Test func movedElementsKeepTheirParameters() throws {
    let facts = ValueFacts(type: .uint8, shape: [1, 4, 2, 2], quantization: input)
    for op in Operator.table where op.quantization == .passthrough && op.inputs.contains(1) {
      let attributes: [String: Attribute] = [
        "kernel_shape": .ints([2, 2]), "blocksize": .int(2), "axis": .int(1),
      ]
      guard
        let results = try? op.infer(
          NodeFacts(node: node(op.name, inputs: 1, attributes), inputs: [facts]))
      else { continue }
      #expect(results[0].quantization == input, "\(op.name)")
    }
  }
}
