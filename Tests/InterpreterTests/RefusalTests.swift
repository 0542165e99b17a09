import Kernels
import ModelFormat
import Operators
import TestSupport
import Testing

@testable import Interpreter

@Suite struct RefusalTests {
  /// Relu of an input [2, 3].
  static func small(_ op: String = "Relu") -> Graph {
    var build = GraphBuilder()
    let x = build.input([2, 3])
    return build.finish(build.node(op, x, name: "node"))
  }

  /// The same with every shape known.
  static func ready() throws -> Graph {
    var graph = small()
    try graph.inferShapes()
    return graph
  }

  static func error(_ graph: Graph, maximumArena: Int = 1 << 30) -> InterpreterError? {
    do throws(InterpreterError) {
      _ = try Interpreter(graph, limits: RunLimits(arena: maximumArena, work: .max))
      return nil
    } catch { return error }
  }

  @Test func unknownOperatorsAreErrors() throws {
    let error = try #require(Self.error(Self.small("Frobnicate")))
    #expect(error == .unknownOperator(node: "node", op: "Frobnicate"))
    #expect("\(error)".contains("pare ops"))
    var graph = Self.small("Frobnicate")
    #expect(throws: InterpreterError.unknownOperator(node: "node", op: "Frobnicate")) {
      try graph.inferShapes()
    }
  }

  @Test func statedShapesMustAgree() {
    var graph = Self.small()
    graph[graph.outputs[0]].shape = [3, 2]
    #expect(
      Self.error(graph)
        == .shapeDisagrees(value: "node.y", node: "node", stated: [3, 2], found: [2, 3]))
    #expect(throws: InterpreterError.self) { try graph.inferShapes() }
  }

  @Test(arguments: [ElementType.int64, .uint8, .float16, .bool])
  func statedTypesMustAgree(_ type: ElementType) throws {
    var graph = Self.small("Exp")
    try graph.inferShapes()
    graph[graph.outputs[0]].type = type
    #expect(
      Self.error(graph)
        == .typeDisagrees(value: "node.y", node: "node", stated: type, found: .float32))
  }

  @Test func quantizedTypesNeedParameters() throws {
    var graph = Self.small("Relu")
    try graph.inferShapes()
    graph[graph.outputs[0]].type = .uint8
    #expect(
      Self.error(graph)
        == .typeDisagrees(value: "node.y", node: "node", stated: .uint8, found: .float32))
  }

  /// A kernel for float32 would write four bytes for each byte of the stated output.
  @Test(arguments: ["Relu", "Abs", "Sigmoid", "GlobalAveragePool", "ReduceMean", "AveragePool"])
  func floatOperatorsDoNotGiveStatedQuantizedOutputs(_ op: String) throws {
    var build = GraphBuilder()
    let x = build.input([1, 2, 4, 4])
    var graph = build.finish(
      build.node(op, x, attributes: op == "AveragePool" ? ["kernel_shape": .ints([2, 2])] : [:]))
    try graph.inferShapes()
    #expect(Self.error(graph) == nil)
    graph[graph.outputs[0]].type = .uint8
    graph[graph.outputs[0]].quantization = Quantization(scale: 0.1)
    guard case .typeDisagrees(_, _, stated: .uint8, found: .float32) = Self.error(graph) else {
      Issue.record("\(String(describing: Self.error(graph)))")
      return
    }
  }

  @Test func weightedOperatorsOfFloatsDoNotGiveStatedQuantizedOutputs() throws {
    var build = GraphBuilder()
    let x = build.input([1, 2, 4, 4])
    var graph = build.finish(build.conv(x, 3, from: 2))
    try graph.inferShapes()
    graph[graph.outputs[0]].type = .uint8
    graph[graph.outputs[0]].quantization = Quantization(scale: 0.1)
    guard case .typeDisagrees = Self.error(graph) else {
      Issue.record("\(String(describing: Self.error(graph)))")
      return
    }
  }

  /// Eight bytes for each element would go to memory for four.
  @Test(arguments: [ElementType.int64, .float64, .int32, .uint8])
  func otherTypesDoNotGiveStatedFloats(_ type: ElementType) throws {
    var build = GraphBuilder()
    let x = build.input([2, 3], type)
    var graph = build.finish(build.node("Abs", x))
    try graph.inferShapes()
    graph[graph.outputs[0]].type = .float32
    guard case .typeDisagrees(_, _, stated: .float32, found: type) = Self.error(graph) else {
      Issue.record("\(String(describing: Self.error(graph)))")
      return
    }
  }

  /// [2, 1, 4] was read as if it had the six rows of the output.
  @Test func biasesOfSomeRowsAreErrors() throws {
    func graph(_ bias: Shape) throws -> Graph {
      var build = GraphBuilder()
      let x = build.input([2, 3, 5])
      let c = build.input(bias, name: "c")
      var graph = build.finish(build.node("Gemm", x, build.weights(5, 4), c, name: "gemm"))
      graph[graph.outputs[0]].shape = [2, 3, 4]
      return graph
    }
    #expect(Self.error(try graph([1, 1, 4])) == nil)
    #expect(Self.error(try graph([2, 3, 1])) == nil)
    for bias: Shape in [[2, 1, 4], [1, 3, 4], [2, 1, 1], [3, 4]] {
      guard case .node(name: "gemm", op: "Gemm", .shapeMismatch) = Self.error(try graph(bias))
      else {
        Issue.record("\(String(describing: Self.error(try graph(bias))))")
        continue
      }
    }
  }

  @Test(arguments: ["MaxPool", "AveragePool"])
  func paddingDoesNotMakeLargePlans(_ op: String) throws {
    var build = GraphBuilder()
    let x = build.input([1, 1, 1, 1])
    let attributes: [String: Attribute] = [
      "kernel_shape": .ints([1, 1]), "pads": .ints([0, 0, 0, 1_000_000_000]),
    ]
    var graph = build.finish(build.nodes(op, [x], attributes, outputs: 1, name: "pool")[0])
    graph[graph.outputs[0]].shape = [1, 1, 1, 1_000_000_001]
    guard case .node(name: "pool", _, .unsupported) = Self.error(graph, maximumArena: 1 << 34)
    else {
      Issue.record("\(String(describing: Self.error(graph)))")
      return
    }
  }

  /// A Gemm of `depth` products for its one output, all of 255 and 127.
  static func sum(_ depth: Int) -> Graph {
    var graph = Graph(name: "sum")
    let x = graph.add(
      Value(
        name: "x", type: .uint8, shape: [1, depth],
        quantization: Quantization(scale: 1, zeroPoint: 0)))
    let weights = Tensor(
      type: .int8, shape: [1, depth], bytes: Bytes([UInt8](repeating: 127, count: depth)),
      quantization: Quantization(scale: 1, zeroPoint: 0))
    let w = graph.add(
      Value(name: "w", type: .float32, shape: [1, depth], constant: weights))
    let y = graph.add(
      Value(
        name: "y", type: .uint8, shape: [1, 1], quantization: Quantization(scale: 1e7, zeroPoint: 0)
      ))
    graph.inputs = [x]
    graph.outputs = [y]
    graph.nodes = [
      Node(name: "fc", op: "Gemm", inputs: [x, w], outputs: [y], attributes: ["transB": .int(1)])
    ]
    return graph
  }

  /// What could overflow 32 bits is not computed in them; what is just below is exact.
  @Test func sumsOfTooManyProductsAreRefused() throws {
    guard case .node(name: "fc", _, .unsupported) = Self.error(Self.sum(66_001)) else {
      Issue.record("\(String(describing: Self.error(Self.sum(66_001))))")
      return
    }
    let interpreter = try Interpreter(Self.sum(66_000))
    for index in interpreter.input(0).indices { interpreter.input(0)[index] = 255 }
    try interpreter.run()
    // 66,000 · 255 · 127 / 10⁷.
    #expect(interpreter.output(0)[0] == 214)
  }

  @Test func activationsThatDoNotFitAloneAreErrors() throws {
    var build = GraphBuilder()
    var inputs: [ValueID] = []
    // Their sizes alone would overflow a sum of 64 bits.
    for index in 0..<4 {
      inputs.append(build.input([1 << 20, 1 << 20], .float64, name: "x\(index)"))
    }
    var graph = build.finish(build.node("Relu", inputs[0]))
    try graph.inferShapes()
    #expect(Self.error(graph) == .memory(bytes: 1 << 43))
  }

  @Test func memoryThatIsMissingIsAnError() throws {
    var build = GraphBuilder()
    let x = build.input([1 << 20, 1 << 20], .float64)
    var graph = build.finish(build.node("Relu", x))
    try graph.inferShapes()
    guard case .memory = Self.error(graph, maximumArena: 1 << 62) else {
      Issue.record("\(String(describing: Self.error(graph)))")
      return
    }
  }

  @Test func activationsHaveALimit() throws {
    var build = GraphBuilder()
    let x = build.input([1])
    var graph = build.graph
    // Splits of an empty tensor into as many parts as a node may have.
    graph[x].shape = [0]
    for part in 0..<3 {
      let outputs = (0..<Limits.operands).map { index in
        graph.add(Value(name: "\(part).\(index)", type: .float32, shape: [0]))
      }
      graph.nodes.append(
        Node(
          name: "\(part)", op: "Split", inputs: [x], outputs: outputs,
          attributes: ["num_outputs": .int(Int64(Limits.operands))]))
      graph.outputs = [outputs[0]]
    }
    #expect(Self.error(graph) == .buffers)
  }

  @Test func listsOfIntegersHaveALimit() throws {
    var build = GraphBuilder()
    let x = build.input([2, 3])
    let axes = build.constant(Tensor([Int64](repeating: 0, count: Limits.operands + 1)))
    var graph = build.finish(build.node("ReduceSum", x, axes, name: "node"))
    #expect(throws: InterpreterError.self) { try graph.inferShapes() }
    do { try graph.inferShapes() } catch {
      #expect("\(error)".contains("65537 elements; at most 65536"))
    }
  }

  @Test func stepsHaveALimit() throws {
    var build = GraphBuilder()
    var x = build.input([1])
    for _ in 0...ExecutionPlan.maximumSteps { x = build.node("Relu", x) }
    var graph = build.finish(x)
    try graph.inferShapes()
    guard case .steps = Self.error(graph) else {
      Issue.record("\(String(describing: Self.error(graph)))")
      return
    }
  }

  @Test func totalsOfManyMultiplicationsAreHeld() throws {
    var build = GraphBuilder()
    let x = build.input([1, 1, 1, 1])
    let w = build.weights(1, 1, 1, 1)
    let pads = Attribute.ints([1 << 18, 1 << 18, 1 << 18, 1 << 18])
    var graph = build.finish(build.nodes("Conv", [x, w], ["pads": pads], outputs: 1)[0])
    try graph.inferShapes()
    #expect(GraphTotals(graph).macs > 1 << 37)
    #expect(
      ConvolutionGeometry(
        inputHeight: 1 << 20, inputWidth: 1 << 20, inputChannels: 1 << 24, outputChannels: 1
      ).multiplyAccumulates == 1 << 62)
  }

  @Test func inputsOfUnknownShapeAreErrors() {
    var graph = Self.small()
    graph[graph.inputs[0]].shape = nil
    guard case .unknownShape(value: "x", _) = Self.error(graph) else {
      Issue.record("\(String(describing: Self.error(graph)))")
      return
    }
  }

  @Test func outputsThatNothingMakesAreErrors() {
    var graph = Self.small()
    graph.nodes = []
    guard case .unknownShape(value: "node.y", _) = Self.error(graph) else {
      Issue.record("\(String(describing: Self.error(graph)))")
      return
    }
  }

  @Test func operandsMustFit() throws {
    var build = GraphBuilder()
    let x = build.input([2, 3])
    let graph = build.finish(build.node("MatMul", x, build.weights(4, 5), name: "product"))
    guard case .node(name: "product", op: "MatMul", _) = Self.error(graph) else {
      Issue.record("\(String(describing: Self.error(graph)))")
      return
    }
    var few = GraphBuilder()
    let y = few.input([2, 3])
    let missing = few.finish(few.node("MatMul", y, name: "product"))
    guard case .node(_, _, .operandCount(found: 1, _, outputs: false)) = Self.error(missing) else {
      Issue.record("\(String(describing: Self.error(missing)))")
      return
    }
  }

  @Test func outputsBeyondMemoryAreRefusedBeforeTablesAreMade() throws {
    var build = GraphBuilder()
    let x = build.input([1, 1, 4, 4])
    let sizes = build.constant(Tensor([1, 1, 7, 4_278_190_091]))
    let y = build.node("Resize", x, nil, nil, sizes, attributes: ["mode": .string("nearest")])
    #expect(Self.error(build.finish(y)) == .memory(bytes: 7 * 4_278_190_091 * 4))
  }

  @Test func memoryHasALimit() throws {
    let needed = try Interpreter(Self.ready()).arenaBytes
    #expect(Self.error(try Self.ready(), maximumArena: needed) == nil)
    #expect(Self.error(try Self.ready(), maximumArena: needed - 1) == .memory(bytes: needed))
  }

  @Test(arguments: [0, 1, 23, 25, 48])
  func inputsOfAnotherSizeAreErrors(_ count: Int) throws {
    let interpreter = try Interpreter(Self.ready())
    #expect(throws: InterpreterError.inputSize(name: "x", expected: 24, found: count)) {
      try [UInt8](repeating: 0, count: count).withUnsafeBytes { try interpreter.setInput(0, $0) }
    }
  }

  @Test func portsSayWhatTheNetworkTakesAndGives() throws {
    let interpreter = try Interpreter(Self.ready())
    #expect(
      interpreter.inputs.map(\.name) == ["x"] && interpreter.outputs.map(\.name) == ["node.y"])
    #expect(interpreter.inputs[0].shape == [2, 3] && interpreter.inputs[0].byteCount == 24)
    #expect(interpreter.outputs[0].type == .float32 && interpreter.output(0).count == 24)
    #expect(interpreter.input(0).count == 24)
  }

  @Test func errorsAreOneLineThatNamesTheNode() {
    let errors: [InterpreterError] = [
      .unknownOperator(node: "node", op: "Op"), .unknownShape(value: "v", node: "node"),
      .shapeDisagrees(value: "v", node: "node", stated: [1], found: [2]),
      .typeDisagrees(value: "v", node: "node", stated: .int8, found: .uint8),
      .node(name: "node", op: "Op", .missingInput(1)),
    ]
    for error in errors {
      #expect("\(error)".contains("node 'node'") && !"\(error)".contains("\n"))
    }
  }
}
