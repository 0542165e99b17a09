import Foundation
import Interpreter
import Kernels
import ModelFormat
import Operators
import TestSupport
import Testing

/// A small file may describe a network that runs for years: it is refused before it runs.
@Suite struct WorkTests {
  static func error(_ graph: Graph, limits: RunLimits = RunLimits()) -> InterpreterError? {
    do throws(InterpreterError) {
      try Interpreter(graph, limits: limits).run()
      return nil
    } catch { return error }
  }

  static func isTooMuch(_ error: InterpreterError?) -> Bool {
    if case .work? = error { true } else { false }
  }

  /// Three products of matrices that take no byte in a file.
  @Test func productsOfLargeInputsAreRefused() throws {
    var build = GraphBuilder()
    let a = build.input([30_000, 30_000])
    let b = build.input([30_000, 30_000])
    var graph = build.finish(build.node("MatMul", a, b))
    try graph.inferShapes()
    #expect(Self.isTooMuch(Self.error(graph, limits: RunLimits(arena: 1 << 34))))
  }

  /// A window of half a signal at each place of it: four megabytes, and 2³⁸ elements read.
  @Test(arguments: ["MaxPool", "AveragePool", "LpPool"])
  func windowsThatOverlapCount(_ op: String) throws {
    var build = GraphBuilder()
    let x = build.input([1, 1, 1 << 21])
    var graph = build.finish(
      build.node(op, x, attributes: ["kernel_shape": .ints([1 << 20])]))
    try graph.inferShapes()
    #expect(Self.isTooMuch(Self.error(graph)))
  }

  @Test func neighbouringChannelsCount() throws {
    var build = GraphBuilder()
    let x = build.input([1, 1 << 21, 1])
    var graph = build.finish(build.node("LRN", x, attributes: ["size": .int(1 << 30)]))
    try graph.inferShapes()
    #expect(Self.isTooMuch(Self.error(graph)))
  }

  @Test func determinantsOfLargeMatricesCount() throws {
    var build = GraphBuilder()
    let x = build.input([12_000, 12_000])
    var graph = build.finish(build.node("Det", x))
    try graph.inferShapes()
    #expect(Self.isTooMuch(Self.error(graph)))
  }

  /// A million boxes without extents, which overlap none: each is compared with all before it.
  @Test(.timeLimit(.minutes(2))) func boxesThatDoNotOverlapAreNotComparedForever() throws {
    let count = 1 << 20
    var graph = Graph(name: "boxes")
    func zeros(_ shape: Shape) -> Tensor {
      Tensor(
        type: .float32, shape: shape, quantization: nil, encoding: .bitmask, nonzeroCount: 0,
        positions: Bytes([UInt8](repeating: 0, count: shape.count / 8)), values: Bytes([]))
    }
    let boxes = graph.addConstant("boxes", zeros([1, count, 4]))
    let scores = graph.addConstant("scores", zeros([1, 1, count]))
    let most = graph.addConstant("most", Tensor([Int64.max]))
    let kept = graph.add(Value(name: "kept", type: .int64))
    graph.outputs = [kept]
    graph.nodes = [
      Node(
        name: "nms", op: "NonMaxSuppression", inputs: [boxes, scores, most], outputs: [kept])
    ]
    #expect("\(try #require(Self.error(graph)))".contains("pairs of boxes"))
  }

  /// The limit is what is stated, and what a network takes is under it or not.
  @Test func theLimitIsExact() throws {
    var build = GraphBuilder()
    let a = build.input([8, 16])
    let b = build.input([16, 4])
    var graph = build.finish(build.node("MatMul", a, b))
    try graph.inferShapes()
    let work = 8 * 16 * 4 + 16 * (8 * 16 + 16 * 4 + 8 * 4)
    #expect(Self.error(graph, limits: RunLimits(work: work)) == nil)
    #expect(
      Self.error(graph, limits: RunLimits(work: work - 1)) == .work(work, limit: work - 1))
  }

  /// A loop whose condition never falls, around nothing, or around a node that takes long.
  static func loop(_ inner: Int, trips: Int64?) -> Graph {
    var body = Graph(name: "body")
    let iteration = body.add(Value(name: "i", type: .int64))
    let condition = body.add(Value(name: "c", type: .bool))
    let state = body.add(Value(name: "s", type: .float32))
    body.inputs = [iteration, condition, state]
    var last = state
    for index in 0..<inner {
      let next = body.add(Value(name: "n\(index)", type: .float32))
      body.nodes.append(Node(name: "relu\(index)", op: "Relu", inputs: [last], outputs: [next]))
      last = next
    }
    body.outputs = [condition, last]
    var graph = Graph(name: "loop")
    let x = graph.add(Value(name: "x", type: .float32, shape: [16]))
    let y = graph.add(Value(name: "y", type: .float32))
    graph.inputs = [x]
    graph.outputs = [y]
    let count = trips.map {
      graph.addConstant("trips", Tensor(type: .int64, shape: [], bytes: Bytes(elements: [$0])))
    }
    graph.nodes = [
      Node(
        name: "loop", op: "Loop", inputs: [count, nil, x], outputs: [y],
        attributes: ["carried": .int(1)], bodies: [body])
    ]
    return graph
  }

  @Test(.timeLimit(.minutes(1)), arguments: [nil, Int64.max, 1 << 60])
  func loopsEnd(_ trips: Int64?) throws {
    let error = Self.error(Self.loop(1, trips: trips), limits: RunLimits(iterations: 1000))
    #expect("\(try #require(error))".contains("has not ended after 1000 iterations"))
    #expect(Self.error(Self.loop(1, trips: 1000), limits: RunLimits(iterations: 1000)) == nil)
  }

  /// Iterations within the limit, but of many nodes: together they are too much.
  @Test(.timeLimit(.minutes(1))) func whatLoopsComputeCounts() throws {
    let limits = RunLimits(work: 1 << 24)
    #expect(Self.error(Self.loop(10, trips: 10), limits: limits) == nil)
    #expect(Self.isTooMuch(Self.error(Self.loop(10, trips: 1000), limits: limits)))
  }

  /// Weights that are read where they lie in a file, and a file that is cut.
  @Test func runsWithLostWeightsAreErrors() throws {
    MappedFile.guardAgainstLoss()
    try withTemporaryFolder { folder in
      let path = "\(folder)/net.pare"
      var random = SeededGenerator(seed: 3)
      var graph = Graph(name: "panels")
      let x = graph.add(Value(name: "x", type: .float32, shape: [1, 128]))
      let tensor = Tensor(random.normal(128 * 128), shape: [128, 128])
      let w = graph.addConstant("w", tensor)
      let y = graph.add(Value(name: "y", type: .float32, shape: [1, 128]))
      graph.inputs = [x]
      graph.outputs = [y]
      graph.nodes = [
        Node(
          name: "fc", op: "Gemm", inputs: [x, w], outputs: [y], attributes: ["transB": .int(1)])
      ]
      if let order = graph.weightPanels(of: graph.nodes[0], for: .best) {
        graph[w].constant = tensor.inPanels(order)
      }
      try Data(ModelWriter(Model(graph: graph)).bytes()).write(to: URL(filePath: path))
      let file = try ModelReader.open(path: path)
      let interpreter = try Interpreter(file.model.graph)
      try interpreter.run()
      #expect(truncate(path, 100) == 0)
      if graph[w].constant?.panelOrder == nil {
        // Weights were packed: nothing of the file is needed any more.
        try interpreter.run()
      } else {
        #expect(throws: InterpreterError.lost) { try interpreter.run() }
      }
      // A plan reads the file again.
      #expect(throws: InterpreterError.lost) { try Interpreter(file.model.graph) }
    }
  }
}
