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
      _ = try Interpreter(graph, maximumArena: maximumArena)
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
