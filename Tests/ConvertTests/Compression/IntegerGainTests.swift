import Interpreter
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Which layers multiply integers: those that gain time by it.
@Suite struct IntegerGainTests {
  private static func dynamic(_ graph: Graph) -> (names: Set<String>, left: [FloatLayer]) {
    var graph = graph
    let effect = QuantizeWeights(isDynamic: true).apply(&graph, graph.weightedNodes(.none))
    let names = graph.nodes.filter { $0.attributes["quantization"] == .string("dynamic") }
      .map(\.name)
    #expect(names.count == effect.dynamicLayers)
    return (Set(names), effect.left)
  }

  @Test func layersThatGainNothingStayFloat() throws {
    var build = GraphBuilder()
    let x = build.input([1, 64, 28, 28])
    let wide = build.conv(x, 64, from: 64, kernel: 1, name: "wide")
    let thin = build.conv(wide, 64, from: 64, group: 64, name: "depthwise")
    let few = build.conv(thin, 2, from: 64, kernel: 1, name: "few outputs")
    let graph = try build.finish(few).applying(.foldConstants)
    let (names, left) = Self.dynamic(graph)
    #expect(names == ["wide"])
    #expect(Set(left.map(\.node)) == ["depthwise", "few outputs"])
    #expect(left.allSatisfy { $0.reason == "int8 gains no time here" })
  }

  /// To quantize an activation for one small layer costs more than that layer saves, for four less.
  @Test func layersThatShareAnInputAreWeighedTogether() throws {
    func names(_ count: Int) throws -> Set<String> {
      var build = GraphBuilder()
      let x = build.input([1, 32, 56, 56])
      let layers = (0..<count).map { build.conv(x, 16, from: 32, kernel: 1, name: "layer\($0)") }
      let sum = build.nodes(
        "Concat", layers, ["axis": .int(1)], outputs: 1)[0]
      return Self.dynamic(try build.finish(sum).applying(.foldConstants)).names
    }
    #expect(try names(1).isEmpty)
    #expect(try names(4).count == 4)
  }

  @Test func weightsOfLayersThatStayFloatAreBytesInTheFile() throws {
    var build = GraphBuilder()
    let x = build.input([1, 64, 8, 8])
    var graph = try build.finish(build.conv(x, 64, from: 64, group: 64)).applying(.foldConstants)
    let effect = QuantizeWeights(isDynamic: true).apply(&graph, graph.weightedNodes(.none))
    #expect(effect.layers == 1 && effect.dynamicLayers == 0)
    #expect(graph.nodes[0].inputs[1].flatMap { graph[$0].constant }?.type == .int8)
  }

  private static func quantized(_ float: Graph) throws -> (Graph, QuantizeActivations.Effect) {
    var calibrator = Calibrator(float)
    let interpreter = try Interpreter(float, threads: 1)
    interpreter.load(seed: 7)
    try calibrator.run(interpreter)
    let parameters = calibrator.observers.map { observer in
      observer.flatMap { RangeChoice.range($0, .minmax) }.map { RangeChoice.parameters($0) }
    }
    var graph = float
    let effect = QuantizeActivations(parameters: parameters, filter: .none).apply(&graph)
    return (graph, effect)
  }

  /// Layers of one channel are slow in bytes, wherever they stand.
  @Test func endsThatGainNothingStayFloat() throws {
    var build = GraphBuilder()
    let x = build.input([1, 1, 32, 32])
    let first = build.conv(x, 12, from: 1, kernel: 5, name: "first")
    let pooled = build.node(
      "MaxPool", build.node("Relu", first),
      attributes: ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
    let wide = build.conv(pooled, 64, from: 12, name: "wide")
    let map = build.conv(build.node("Relu", wide), 1, from: 64, kernel: 1, name: "map")
    let last = build.conv(map, 1, from: 1, name: "last")
    let graph = try build.finish(last).applying(.foldConstants)
    let (result, effect) = try Self.quantized(graph)
    let reasons = Dictionary(uniqueKeysWithValues: effect.left.map { ($0.node, $0.reason) })
    #expect(reasons["first"] == "int8 gains no time here")
    #expect(reasons["last"] == "int8 gains no time here")
    #expect(reasons["wide"] == nil)
    func weights(_ name: String) -> ElementType? {
      result.nodes.first { $0.name == name }?.inputs[1].flatMap { result[$0].constant?.type }
    }
    #expect(weights("first") == .float32 && weights("wide") == .int8)
    // The pool stays with the layer before it.
    let pool = result.nodes.first { $0.op == "MaxPool" }?.outputs[0]
    #expect(pool.map { result[$0].type } == .float32)
  }
}
