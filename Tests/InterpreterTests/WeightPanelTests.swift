import Kernels
import ModelFormat
import Operators
import TestSupport
import Testing

@testable import Interpreter

/// Weights that lie as kernels read them give the bits of weights that do not.
@Suite struct WeightPanelTests {
  /// A convolution: channels, kernel, groups, and what else decides the order.
  struct Case: Sendable, CustomTestStringConvertible {
    let inputs: Int, outputs: Int, kernel: Int, group: Int
    var stride = 1, dilation = 1
    var isGemm = false
    var testDescription: String {
      "\(inputs) to \(outputs), kernel \(kernel), group \(group), stride \(stride), "
        + "dilation \(dilation)" + (isGemm ? ", Gemm" : "")
    }
  }

  static let cases: [Case] = [
    .init(inputs: 24, outputs: 40, kernel: 1, group: 1),
    .init(inputs: 22, outputs: 17, kernel: 1, group: 1),
    .init(inputs: 32, outputs: 33, kernel: 3, group: 1),
    .init(inputs: 70, outputs: 16, kernel: 3, group: 1, stride: 2),
    .init(inputs: 3, outputs: 20, kernel: 3, group: 1, stride: 2),
    .init(inputs: 3, outputs: 20, kernel: 5, group: 1, dilation: 2),
    .init(inputs: 64, outputs: 36, kernel: 3, group: 2),
    .init(inputs: 12, outputs: 36, kernel: 3, group: 3),
    .init(inputs: 50, outputs: 30, kernel: 1, group: 1, isGemm: true),
  ]

  /// The network of one case: float32, or uint8 with int8 weights.
  static func graph(_ c: Case, isQuantized: Bool, weights edit: (Tensor) -> Tensor?) throws -> Graph
  {
    var random = SeededGenerator(seed: 3)
    let shape: Shape =
      c.isGemm ? [c.outputs, c.inputs] : [c.outputs, c.inputs / c.group, c.kernel, c.kernel]
    let integers = (0..<shape.count).map { _ in Int8.random(in: -127...127, using: &random) }
    let plain =
      isQuantized
      ? Tensor(
        type: .int8, shape: shape, bytes: Bytes(elements: integers),
        quantization: Quantization(
          scales: (0..<c.outputs).map { 0.01 + 0.001 * Float($0) }, axis: 0))
      : Tensor(integers.map { Float($0) / 64 }, shape: shape)
    var graph = Graph(name: "panels")
    let xShape: Shape = c.isGemm ? [7, c.inputs] : [1, c.inputs, 9, 10]
    var x = Value(name: "x", type: isQuantized ? .uint8 : .float32, shape: xShape)
    if isQuantized { x.quantization = Quantization(scale: 0.02, zeroPoint: 100) }
    graph.inputs = [graph.add(x)]
    let weights: Tensor = try #require(edit(plain))
    let w = graph.add(Value(name: "w", type: .float32, shape: shape, constant: weights))
    let bias = graph.addConstant(
      "b", Tensor((0..<c.outputs).map { Float($0) / 10 }, shape: [c.outputs]))
    var y = Value(name: "y", type: isQuantized ? .uint8 : .float32)
    if isQuantized { y.quantization = Quantization(scale: 0.5, zeroPoint: 7) }
    graph.outputs = [graph.add(y)]
    let (s, d) = (Int64(c.stride), Int64(c.dilation))
    graph.nodes = [
      Node(
        name: "n", op: c.isGemm ? "Gemm" : "Conv", inputs: [graph.inputs[0], w, bias],
        outputs: [graph.outputs[0]],
        attributes: c.isGemm
          ? ["transB": .int(1)]
          : [
            "group": .int(Int64(c.group)), "strides": .ints([s, s]), "dilations": .ints([d, d]),
            "pads": .ints([1, 1, 1, 1]),
          ])
    ]
    try graph.inferShapes()
    return graph
  }

  static func run(_ graph: Graph, threads: Int = 1) throws -> [UInt8] {
    let interpreter = try Interpreter(graph, threads: threads)
    var random = SeededGenerator(seed: 4)
    let input = interpreter.input(0)
    if interpreter.inputs[0].type == .float32 {
      Bytes(elements: random.uniform(interpreter.inputs[0].shape.count)).withUnsafeBytes {
        input.copyMemory(from: $0)
      }
    } else {
      for index in input.indices { input[index] = UInt8.random(in: 0...255, using: &random) }
    }
    try interpreter.run()
    return [UInt8](interpreter.output(0))
  }

  @Test(arguments: cases, [false, true])
  func storedOrdersGiveTheSameBits(_ c: Case, isQuantized: Bool) throws {
    let plain = try Self.graph(c, isQuantized: isQuantized) { $0 }
    let expected = try Self.run(plain)
    // Where the kernel wants an order of its own (Winograd), any other is put back first.
    let wanted = plain.weightPanels(of: plain.nodes[0], for: .best)
    #expect(wanted != nil || !isQuantized && c.kernel == 3)
    let order =
      wanted ?? PanelOrder(groups: c.group, sideBySide: 1, quantum: isQuantized ? 4 : 1)
    let stored = try Self.graph(c, isQuantized: isQuantized) { $0.inPanels(order) }
    #expect(try Self.run(stored) == expected)
    #expect(try Self.run(stored, threads: 2) == expected)

    // From a file: read where they lie.
    let bytes = ModelWriter(Model(graph: stored)).bytes()
    let read = try ModelReader.read(Bytes(bytes)).model.graph
    #expect(read.values[1].constant?.encoding == .panels)
    #expect(try Self.run(read) == expected)

    // In an order that the kernel does not want.
    let taps = c.isGemm ? 1 : c.kernel * c.kernel
    for other in [
      PanelOrder(groups: 1, sideBySide: taps, quantum: order.quantum),
      .init(groups: c.outputs, sideBySide: 1, quantum: order.quantum),
    ] where other != order {
      let foreign = try Self.graph(c, isQuantized: isQuantized) { $0.inPanels(other) }
      #expect(try Self.run(foreign) == expected)
    }
  }

  @Test func filesAreReadWhereTheyLie() throws {
    for isQuantized in [false, true] {
      let plain = try Self.graph(Self.cases[0], isQuantized: isQuantized) { $0 }
      let order = try #require(plain.weightPanels(of: plain.nodes[0], for: .best))
      let stored = try Self.graph(Self.cases[0], isQuantized: isQuantized) { $0.inPanels(order) }
      try withTemporaryFolder { folder in
        let path = "\(folder)/stored.pare"
        let writer = ModelWriter(Model(graph: stored))
        try AtomicFile.write(to: path) { sink throws(FileError) in try writer.write(to: sink) }
        let graph = try ModelReader.open(path: path).model.graph
        let values = try #require(graph.values[1].constant?.values.mappedAddress)
        #expect(Int(bitPattern: values) % 64 == 0)
        #expect(try Self.run(graph) == Self.run(plain))
      }
    }
  }

  @Test func depthwiseWeightsStayAsTheyAre() throws {
    let c = Case(inputs: 32, outputs: 32, kernel: 3, group: 32)
    let graph = try Self.graph(c, isQuantized: false) { $0 }
    #expect(graph.weightPanels(of: graph.nodes[0], for: .best) == nil)
  }
}
