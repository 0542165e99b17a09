import ModelFormat
import Operators
import TestSupport
import Testing

@testable import Interpreter

/// What is written straight into the result of a Concat is what would be copied there.
@Suite struct JoinTests {
  /// Convolutions of every kind that are read by a Concat alone, among values that cannot be written in
  /// place; all float32, or all uint8 with one scale but for one of them.
  static func graph(isQuantized: Bool, batch: Int) throws -> Graph {
    var build = GraphBuilder(seed: 7)
    let x = build.input([batch, 3, 9, 10], isQuantized ? .uint8 : .float32)
    let a = build.conv(x, 16, from: 3)
    let pointwise = build.conv(a, 16, from: 16, kernel: 1)
    let square = build.conv(a, 24, from: 16)
    let depthwise = build.conv(a, 16, from: 16, group: 16)
    let wide = build.conv(a, 16, from: 16, kernel: 9, group: 16)
    let grouped = build.conv(a, 12, from: 16, group: 4)
    let along: [String: Attribute] = ["axis": .int(1)]
    let y = build.nodes(
      "Concat", [pointwise, square, a, depthwise, wide, grouped], along, outputs: 1)[0]
    let odd = build.conv(y, 5, from: 100, kernel: 1)
    let scaled = build.conv(y, 7, from: 100, kernel: 1, name: "scaled")
    let z = build.nodes("Concat", [odd, y, scaled], along, outputs: 1)[0]
    let twice = build.conv(z, 8, from: 112, kernel: 1)
    let w = build.nodes("Concat", [twice, twice, x], along, outputs: 1)[0]
    let kept = build.conv(w, 4, from: 19)
    let last = build.nodes("Concat", [build.conv(w, 6, from: 19), kept], along, outputs: 1)[0]
    // Adds its own input, whose memory it may take over.
    let weights = build.weights(10, 10, 3, 3)
    let sum = build.nodes(
      "Conv", [last, weights, build.weights(10), last], ["pads": .ints([1, 1, 1, 1])], outputs: 1)[
        0]
    let rows = build.nodes(
      "Concat", [sum, build.conv(last, 10, from: 10)], ["axis": .int(2)], outputs: 1)[0]
    var graph = build.finish(z, kept, rows)
    if isQuantized {
      for index in graph.values.indices {
        if let weights = graph.values[index].constant {
          if weights.shape.rank == 4 { graph.values[index].constant = quantized(weights) }
          continue
        }
        graph.values[index].type = .uint8
        let isOther = graph.values[index].name.hasPrefix("scaled")
        graph.values[index].quantization = Quantization(scale: isOther ? 0.3 : 0.1, zeroPoint: 90)
      }
    }
    try graph.inferShapes()
    return graph
  }

  private static func quantized(_ weights: Tensor) -> Tensor {
    Tensor(
      type: .int8, shape: weights.shape,
      bytes: Bytes(elements: weights.floats().map { Int8($0 * 127) }),
      quantization: Quantization(
        scales: Array(repeating: 0.01, count: weights.shape[0]), axis: 0))
  }

  /// The same graph, of which every value that a Concat reads is an output too, and so has a place of its
  /// own.
  static func apart(_ graph: Graph) -> Graph {
    var apart = graph
    let joined = graph.nodes.filter { $0.op == "Concat" }.flatMap { $0.inputs.compactMap { $0 } }
    apart.outputs += Set(joined).subtracting(graph.inputs).sorted { $0.index < $1.index }
    return apart
  }

  @Test(arguments: [false, true], 1...2)
  func resultsAreThoseOfCopies(isQuantized: Bool, batch: Int) throws {
    let graph = try Self.graph(isQuantized: isQuantized, batch: batch)
    let x = graph[graph.inputs[0]]
    var random = SeededGenerator(seed: 5)
    let floats = random.uniform(x.shape?.count ?? 0)
    let input =
      isQuantized
      ? Tensor(
        type: .uint8, shape: x.shape ?? [],
        bytes: Bytes(floats.map { UInt8(clamping: Int($0 * 100) + 128) }))
      : Tensor(floats, shape: x.shape ?? [])
    let copying = try Interpreter(Self.apart(graph))
    #expect(!copying.steps.contains { $0.kernel == "concat in place" })
    let expected = try copying.outputs(for: [input])
    for threads in 1...3 {
      let joining = try Interpreter(graph, threads: threads)
      for _ in 0..<2 {
        let found = try joining.outputs(for: [input])
        #expect(found == Array(expected[..<found.count]))
      }
    }
  }

  @Test func aConcatOfConvolutionsAloneCopiesNothing() throws {
    var build = GraphBuilder()
    let x = build.conv(build.input([1, 3, 8, 8]), 16, from: 3)
    let y = build.node(
      "Concat", build.conv(x, 64, from: 16, kernel: 1),
      build.conv(x, 64, from: 16, kernel: 1),
      attributes: ["axis": .int(1)])
    var graph = build.finish(build.node("GlobalAveragePool", y))
    try graph.inferShapes()
    let interpreter = try Interpreter(graph)
    #expect(interpreter.steps.contains { $0.kernel == "concat in place" })
    // The parts have no memory of their own.
    #expect(interpreter.arenaBytes < (16 + 128) * 64 * 4 * 3 / 2)
  }

  @Test func whatIsWrittenAsAColumnIsSeenWhole() throws {
    let graph = try Self.graph(isQuantized: false, batch: 2)
    let inputs = Reference.inputs(graph, seed: 3)
    let interpreter = try Interpreter(graph)
    let copying = try Interpreter(Self.apart(graph))
    try copying.load(inputs)
    var expected: [ValueID: [Float]] = [:]
    try copying.run { step in
      if let id = copying.steps[step].outputs[0].id {
        expected[id] = copying.written(step, 0).floats()
      }
    }
    try interpreter.load(inputs)
    var seen = 0
    try interpreter.run { step in
      guard let id = interpreter.steps[step].outputs[0].id else { return }
      #expect(interpreter.written(step, 0).floats() == expected[id], "\(graph[id].name)")
      seen += 1
    }
    #expect(seen > 10)
  }
}
