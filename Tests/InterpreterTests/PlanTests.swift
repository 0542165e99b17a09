import Kernels
import ModelFormat
import Operators
import TestSupport
import Testing

@testable import Interpreter

/// Whatever the plan makes of layouts, views and memory, a graph computes what its nodes compute.
@Suite struct PlanTests {
  /// Convolutions, movement and broadcasting by turns, with values that are read late.
  static func mixed() throws -> Graph {
    var build = GraphBuilder()
    let x = build.input([1, 4, 6, 5])
    let a = build.node("Relu", build.conv(x, 8, from: 4))
    let b = build.transpose(a, [0, 2, 3, 1])
    let c = build.node("Add", b, build.weights(8))
    let d = build.reshape(c, [1, 5, 6, 8])
    let e = build.node(
      "Concat", a, build.transpose(d, [0, 3, 2, 1]), attributes: ["axis": .int(1)])
    let f = build.conv(e, 16, from: 16, group: 16)
    let g = build.node("Mul", f, build.node("Sigmoid", build.node("GlobalAveragePool", f)))
    let h = build.node("Sub", build.weights(16, 1, 5), build.node("Neg", g))
    let i = build.node("Softmax", build.reshape(h, [16, 30]), attributes: ["axis": .int(1)])
    let j = build.node("Add", build.reshape(i, [1, 16, 6, 5]), e)
    let k = build.node("Tanh", build.conv(j, 3, from: 16, kernel: 1))
    var graph = build.finish(k, i, build.node("Relu", x))
    try graph.inferShapes()
    return graph
  }

  /// Transpositions to and from channels last, which move nothing, and ones that do.
  static func transposed() throws -> Graph {
    var build = GraphBuilder()
    let x = build.conv(build.input([2, 3, 5, 4]), 8, from: 3)
    let rows = build.transpose(x, [0, 2, 3, 1])
    let norm = build.node("LayerNormalization", rows, build.weights(8))
    let back = build.transpose(norm, [0, 3, 1, 2])
    let y = build.conv(build.node("Add", back, x), 4, from: 8)
    let turned = build.transpose(y, [0, 1, 3, 2])
    let moved = build.transpose(build.node("Tanh", y), [1, 0, 2, 3])
    var graph = build.finish(
      build.transpose(y, [0, 2, 3, 1]), turned, build.conv(moved, 3, from: 2), rows)
    try graph.inferShapes()
    return graph
  }

  /// Many element functions in a row, each of which may overwrite its input, and reshapes among them.
  static func inPlace() throws -> Graph {
    var build = GraphBuilder()
    let x = build.input([2, 3, 4])
    let a = build.node("Relu", x)
    let b = build.reshape(a, [6, 4])
    let c = build.node("Exp", b)  // b is read again below: not in place
    let d = build.node("Sub", c, b)
    let e = build.reshape(d, [4, 6])
    let f = build.node("Mul", e, e)
    let g = build.node("Add", build.reshape(f, [2, 3, 4]), a)
    let h = build.node("Sub", build.weights(3, 1), g)
    let i = build.node("Tanh", h)
    let j = build.node("Div", i, build.node("Add", h, build.weights(1)))
    var graph = build.finish(j, f, build.reshape(x, [24]))
    try graph.inferShapes()
    return graph
  }

  /// Convolutions that add their own input in their store.
  static func residuals() throws -> Graph {
    var build = GraphBuilder()
    var x = build.node("Relu", build.conv(build.input([1, 3, 7, 6]), 16, from: 3))
    for group in [1, 16, 4] {
      let weights = build.weights(16, 16 / group, 3, 3)
      x =
        build.nodes(
          "Conv", [x, weights, build.weights(16), x],
          ["pads": .ints([1, 1, 1, 1]), "group": .int(Int64(group))], outputs: 1)[0]
    }
    var graph = build.finish(x)
    try graph.inferShapes()
    return graph
  }

  static let graphs: [(name: String, make: @Sendable () throws -> Graph)] = [
    ("mixed", { try mixed() }), ("inPlace", { try inPlace() }),
    ("transposed", { try transposed() }),
  ]

  @Test(arguments: graphs.indices)
  func resultsAreThoseOfTheNodes(_ index: Int) throws {
    let graph = try Self.graphs[index].make()
    let interpreter = try Interpreter(graph)
    for seed in UInt64(1)...3 {
      let inputs = Reference.inputs(graph, seed: seed)
      let reference = try Reference(graph, inputs)
      let outputs = try interpreter.outputs(for: inputs)
      for (id, bytes) in zip(graph.outputs, outputs) {
        expect(
          Bytes(bytes).elements(as: Float.self), closeTo: reference.tensors[id]?.floats() ?? [],
          graph[id].name)
      }
    }
  }

  @Test(arguments: graphs.indices)
  func everyStepWritesWhatItsNodeComputes(_ index: Int) throws {
    let graph = try Self.graphs[index].make()
    let interpreter = try Interpreter(graph)
    let inputs = Reference.inputs(graph, seed: 9)
    let reference = try Reference(graph, inputs)
    let expected = try interpreter.outputs(for: inputs)
    try interpreter.load(inputs)
    var seen = 0
    try interpreter.run { step in
      for (output, written) in interpreter.steps[step].outputs.enumerated() {
        guard let id = written.id else { continue }
        expect(
          interpreter.written(step, output).floats(),
          closeTo: reference.tensors[id]?.floats() ?? [], graph[id].name)
        seen += 1
      }
    }
    #expect(seen == interpreter.steps.count && seen > 5)
    // Observing changes nothing.
    #expect(interpreter.outputs.indices.map { [UInt8](interpreter.output($0)) } == expected)
  }

  @Test func convolutionsDoNotOverwriteTheInputThatTheyAdd() throws {
    let graph = try Self.residuals()
    let inputs = Reference.inputs(graph, seed: 1)
    // The reference adds by itself.
    var apart = graph
    apart.nodes = graph.nodes.flatMap { node -> [Node] in
      guard node.inputs.count == 4, let output = node.outputs[0] else { return [node] }
      var conv = node
      let sum = apart.add(
        Value(name: node.name + ".sum", type: .float32, shape: graph[output].shape))
      conv.inputs.removeLast()
      conv.outputs = [sum]
      return [
        conv,
        Node(
          name: node.name + ".add", op: "Add", inputs: [sum, node.inputs[3]], outputs: [output]),
      ]
    }
    let expected = try Reference(apart, inputs).tensors[graph.outputs[0]]
    for threads in 1...2 {
      let found = try Interpreter(graph, threads: threads).outputs(for: inputs)[0]
      expect(Bytes(found).elements(as: Float.self), closeTo: expected?.floats() ?? [], "sum")
    }
  }

  @Test func elementFunctionsWorkInPlace() throws {
    var build = GraphBuilder()
    var x = build.input([64, 64])
    for _ in 0..<20 { x = build.node("Tanh", x) }
    var graph = build.finish(x)
    try graph.inferShapes()
    let size = 64 * 64 * 4
    #expect(try Interpreter(graph).arenaBytes < 2 * size)
  }

  @Test func reshapesTakeNoMemoryOfTheirOwn() throws {
    var build = GraphBuilder()
    let x = build.input([64, 64])
    let y = build.node("Tanh", build.reshape(build.reshape(x, [16, 256]), [4096]))
    var graph = build.finish(build.reshape(y, [4096, 1]))
    try graph.inferShapes()
    #expect(try Interpreter(graph).arenaBytes < 2 * 4096 * 4)
  }

  @Test func changesOfLayoutThatMoveNothingAreLeftOut() throws {
    var build = GraphBuilder()
    let x = build.input([1, 1, 6, 6])
    let a = build.node("GlobalAveragePool", build.conv(x, 8, from: 1))
    let b = build.node("Flatten", build.conv(a, 4, from: 8, kernel: 1))
    var graph = build.finish(build.node("Tanh", b))
    try graph.inferShapes()
    #expect(try Interpreter(graph).steps.allSatisfy { $0.nodeIndex != nil })
  }

  @Test func transpositionsToAndFromChannelsLastAreLeftOut() throws {
    var build = GraphBuilder()
    let x = build.conv(build.input([1, 5, 5, 4]), 8, from: 5)
    let rows = build.transpose(x, [0, 2, 3, 1])
    let norm = build.node("LayerNormalization", rows, build.weights(8))
    let back = build.transpose(build.node("Tanh", norm), [0, 3, 1, 2])
    let y = build.conv(build.node("Add", back, x), 4, from: 8)
    var graph = build.finish(build.reshape(build.transpose(y, [0, 2, 3, 1]), [20, 4]))
    try graph.inferShapes()
    let steps = try Interpreter(graph).steps
    #expect(!steps.contains { $0.op == "Transpose" })
    #expect(steps.filter { $0.nodeIndex == nil }.count == 1)  // the input
  }

  /// Few channels are read plane by plane, in the order in which inputs come, where there is a kernel.
  @Test func imagesAreReadAsTheyAre() throws {
    var build = GraphBuilder()
    let x = build.input([2, 3, 9, 8])
    let y = build.conv(build.conv(x, 8, from: 3), 4, from: 8)
    var graph = build.finish(y, build.node("Relu", x))
    try graph.inferShapes()
    let steps = try Interpreter(graph).steps
    let changes = steps.filter { $0.nodeIndex == nil }.map { $0.name }
    if InstructionSet.best.includes(.avx512vnni) {
      #expect(changes.count == 1 && changes[0].hasSuffix("to row-major"))
      #expect(steps.contains { $0.kernel.hasPrefix("pare_planes_f32") })
    } else {
      #expect(changes.count == 2)
    }
    let inputs = Reference.inputs(graph, seed: 9)
    let reference = try Reference(graph, inputs)
    for (id, bytes) in zip(graph.outputs, try Interpreter(graph).outputs(for: inputs)) {
      expect(
        Bytes(bytes).elements(as: Float.self), closeTo: reference.tensors[id]?.floats() ?? [],
        graph[id].name)
    }
  }

  @Test func convolutionsInARowStayChannelsLast() throws {
    var build = GraphBuilder()
    let x = build.input([1, 5, 5, 5])
    let a = build.node("Relu", build.conv(x, 8, from: 5))
    let b = build.node("Add", build.conv(a, 8, from: 8), build.weights(1, 8, 1, 1))
    let c = build.node("Concat", b, build.conv(b, 4, from: 8), attributes: ["axis": .int(1)])
    var graph = build.finish(build.node("Sigmoid", c))
    try graph.inferShapes()
    let changes = try Interpreter(graph).steps.filter { $0.nodeIndex == nil }
    #expect(changes.count == 2)  // the input and the output
  }

  @Test(arguments: graphs.indices)
  func anyNumberOfThreadsGivesTheSameBits(_ index: Int) throws {
    let graph = try Self.graphs[index].make()
    let inputs = Reference.inputs(graph, seed: 4)
    let single = try Interpreter(graph, threads: 1).outputs(for: inputs)
    for threads in 2...3 {
      let interpreter = try Interpreter(graph, threads: threads)
      for _ in 0..<3 { #expect(try interpreter.outputs(for: inputs) == single) }
    }
  }

  @Test(arguments: graphs.indices)
  func runsLeaveNothingBehind(_ index: Int) throws {
    let graph = try Self.graphs[index].make()
    let interpreter = try Interpreter(graph)
    let inputs = (1...2).map { Reference.inputs(graph, seed: $0) }
    let first = try interpreter.outputs(for: inputs[0])
    #expect(try interpreter.outputs(for: inputs[1]) != first)
    #expect(try interpreter.outputs(for: inputs[0]) == first)
  }
}
