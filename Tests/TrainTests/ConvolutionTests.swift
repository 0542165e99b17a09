import Interpreter
import ModelFormat
import TestSupport
import Testing

@testable import Train

@Suite struct ConvolutionDerivativeTests {
  /// A convolution of an image of 9 by 8 pixels.
  struct Form: CustomTestStringConvertible {
    var inputs = 5
    var outputs = 7
    var group = 1
    var kernel = [3, 3]
    var strides = [1, 1]
    var dilations = [1, 1]
    var pads = [1, 1, 1, 1]
    var activation = ""
    var testDescription: String {
      "\(inputs) to \(outputs) in \(group), \(kernel) / \(strides) * \(dilations) + \(pads) \(activation)"
    }
  }

  static let forms: [Form] = [
    Form(),
    Form(inputs: 17, outputs: 33),
    Form(inputs: 16, outputs: 16, activation: "Relu"),
    Form(inputs: 40, outputs: 20, kernel: [1, 1], pads: [0, 0, 0, 0], activation: "Clip"),
    Form(inputs: 3, outputs: 8, strides: [2, 2]),
    Form(inputs: 9, outputs: 4, strides: [2, 1], pads: [0, 1, 2, 0]),
    Form(inputs: 9, outputs: 4, kernel: [1, 1], strides: [2, 2], pads: [0, 0, 0, 0]),
    Form(inputs: 9, outputs: 4, kernel: [5, 2], strides: [3, 2], pads: [2, 0, 1, 1]),
    Form(inputs: 9, outputs: 4, dilations: [2, 3], pads: [2, 3, 1, 2]),
    Form(inputs: 9, outputs: 4, strides: [2, 3], dilations: [2, 2], pads: [2, 2, 2, 2]),
    Form(inputs: 6, outputs: 9, group: 3),
    Form(inputs: 6, outputs: 9, group: 3, strides: [2, 2]),
    Form(inputs: 19, outputs: 19, group: 19, activation: "Clip"),
    Form(inputs: 19, outputs: 19, group: 19, strides: [2, 2]),
    Form(
      inputs: 16, outputs: 16, group: 16, kernel: [5, 5], strides: [1, 2], pads: [2, 2, 2, 2]),
    Form(inputs: 4, outputs: 8, group: 4),
    Form(inputs: 4, outputs: 6, kernel: [2, 2], pads: [3, 2, 0, 3]),
    Form(inputs: 2, outputs: 3, kernel: [9, 8], pads: [0, 0, 0, 0]),
  ]

  @Test(arguments: forms) func convolution(_ form: Form) throws {
    var builder = GraphBuilder()
    let x = builder.input([1, form.inputs, 9, 8])
    let w = builder.weights(form.outputs, form.inputs / form.group, form.kernel[0], form.kernel[1])
    let b = builder.weights(form.outputs)
    func list(_ values: [Int]) -> Attribute { .ints(values.map { Int64($0) }) }
    var attributes: [String: Attribute] = [
      "group": .int(Int64(form.group)), "strides": list(form.strides), "pads": list(form.pads),
      "dilations": list(form.dilations),
    ]
    if !form.activation.isEmpty {
      attributes["activation"] = .string(form.activation)
      attributes["activation_min"] = .float(-1)
      attributes["activation_max"] = .float(2)
    }
    let y = builder.nodes("Conv", [x, w, b], attributes, outputs: 1)[0]
    let clamps = !form.activation.isEmpty
    for threads in [1, 2] {
      try GradientCheck(
        graph: builder.finish(y), parameters: [w, b], threads: threads,
        step: clamps ? 1e-4 : 1e-2, tolerance: clamps ? 3e-2 : 5e-3
      ).run()
    }
  }

  @Test(arguments: [true, false]) func oneDimension(_ hasBias: Bool) throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 5, 17])
    let (w, b) = (builder.weights(6, 5, 3), builder.weights(6))
    let own = builder.weights(6, 1, 4)
    let first = builder.nodes(
      "Conv", hasBias ? [x, w, b] : [x, w],
      [
        "strides": .ints([2]), "pads": .ints([1, 0]), "activation": .string("Relu"),
      ], outputs: 1)[0]
    let second = builder.nodes("Conv", [first, own], ["group": .int(6)], outputs: 1)[0]
    let y = builder.node("Concat", second, first, attributes: ["axis": .int(2)])
    try GradientCheck(
      graph: builder.finish(y), batch: 3, parameters: hasBias ? [w, b, own] : [w, own], threads: 2,
      step: 1e-4, tolerance: 3e-2
    ).run()
  }

  @Test func residualsThatAreReadAgain() throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 6, 5, 5])
    let bias = builder.weights(6, 1, 1)
    let start = builder.node("Add", x, bias)
    let (w1, w2, b2) = (
      builder.weights(6, 6, 3, 3), builder.weights(6, 6, 1, 1), builder.weights(6)
    )
    let pads: Attribute = .ints([1, 1, 1, 1])
    let inner = builder.nodes("Conv", [start, w1], ["pads": pads], outputs: 1)[0]
    let sum = builder.nodes("Conv", [inner, w2, b2, start], outputs: 1)[0]
    let y = builder.nodes("Conv", [sum, w1, nil, sum], ["pads": pads], outputs: 1)[0]
    try GradientCheck(graph: builder.finish(y), parameters: [bias, w1, w2, b2]).run()
  }

  @Test func frozenWeightsPassGradientsOn() throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 6, 5, 5])
    let bias = builder.weights(6, 1, 1)
    let y = builder.conv(builder.conv(builder.node("Add", x, bias), 8, from: 6), 4, from: 8)
    try GradientCheck(graph: builder.finish(y), parameters: [bias]).run()
  }
}

@Suite struct NetworkDerivativeTests {
  @Test(arguments: [TrainingMode.train, .frozen], [1, 2])
  func normalizedNetwork(_ mode: TrainingMode, _ threads: Int) throws {
    var builder = GraphBuilder()
    var parameters: [ValueID] = []
    func norm(_ x: ValueID, _ channels: Int) -> ValueID {
      let (scale, bias) = (builder.weights(channels), builder.weights(channels))
      parameters += [scale, bias]
      let variance = builder.constant(
        Tensor((0..<channels).map { 0.5 + Float($0 % 3) }, shape: [channels]))
      return builder.node(
        "BatchNormalization", x, scale, bias, builder.weights(channels), variance)
    }
    let x = builder.input([1, 3, 12, 12])
    let w1 = builder.weights(20, 3, 3, 3)
    let w2 = builder.weights(10, 20)
    let b2 = builder.weights(10)
    parameters += [w1, w2, b2]
    let first = builder.nodes("Conv", [x, w1], ["strides": .ints([2, 2])], outputs: 1)[0]
    let active = builder.node("Relu", norm(first, 20))
    let pooled = builder.node("GlobalAveragePool", active)
    let flat = builder.reshape(pooled, [1, 20])
    let scores = builder.nodes("Gemm", [flat, w2, b2], ["transB": .int(1)], outputs: 1)[0]
    try GradientCheck(
      graph: builder.finish(scores), batch: 5, parameters: parameters, mode: mode, threads: threads,
      step: 1e-3, tolerance: 2e-2
    ).run()
  }

  @Test(arguments: [TrainingMode.train, .frozen], [[1, 37], [1, 37, 3], [1, 37, 2, 2]])
  func normalizationWithoutConvolution(_ mode: TrainingMode, _ extents: [Int]) throws {
    var builder = GraphBuilder()
    let x = builder.input(Shape(extents))
    let (scale, bias) = (builder.weights(37), builder.weights(37))
    let variance = builder.constant(Tensor((0..<37).map { 0.5 + Float($0 % 3) }, shape: [37]))
    let y = builder.node("BatchNormalization", x, scale, bias, builder.weights(37), variance)
    try GradientCheck(
      graph: builder.finish(y), batch: 40, parameters: [scale, bias], mode: mode, middle: 3
    ).run()
  }

  @Test func runningStatisticsMoveInTrainingAlone() throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 2, 1, 3])
    let (scale, bias) = (builder.weights(2), builder.weights(2))
    let mean = builder.constant(Tensor([1, 1], shape: [2]))
    // Mean and variance of one layer may be one constant.
    let y = builder.nodes(
      "BatchNormalization", [builder.conv(x, 2, from: 2, kernel: 1), scale, bias, mean, mean],
      ["momentum": .float(0.75)], outputs: 1)[0]
    let other = builder.nodes("BatchNormalization", [x, scale, bias, mean, mean], outputs: 1)[0]
    var graph = builder.finish(y, other)
    try graph.inferShapes()
    let network = try TrainingNetwork(graph, batch: 2, parameters: [scale, bias])
    let values: [Float] = [1, 2, 3, 10, 20, 30, 3, 2, 1, 30, 20, 70]
    let input = try network.activation(x)
    for i in values.indices { input[i] = values[i] }
    network.forward(.frozen)
    func statistics() -> [[Float]] {
      let trained = network.graph()
      return trained.nodes.filter { $0.op == "BatchNormalization" }.flatMap { node in
        node.inputs.suffix(2).map { id in id.flatMap { trained[$0].constant?.floats() } ?? [] }
      }
    }
    #expect(statistics() == [[1, 1], [1, 1], [1, 1], [1, 1]])
    network.forward(.train)
    let moved = statistics()
    // Means 2 and 30 with variances 0.8 and 440 of samples, a tenth of the way.
    for (found, expected) in zip(moved[2] + moved[3], [1.1, 3.9, 0.98, 44.9]) {
      #expect(abs(found - Float(expected)) < 1e-3)
    }
    #expect(moved[0] != moved[2])
    let kept = network.statistics
    network.forward(.train)
    #expect(network.statistics != kept)
    network.statistics = kept
    #expect(statistics() == moved)
  }
}
