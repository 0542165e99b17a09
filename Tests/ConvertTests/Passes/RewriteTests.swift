import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// What is spelled out becomes one node, however it is written, and only where it is just that.
@Suite struct RewriteTests {
  /// Requires that the pass makes of `graph` what the case says, and that it computes the same.
  private func expectRewritten(_ graph: Graph, _ example: RewriteCase) throws {
    let after = try graph.applying(example.pass, .removeDeadNodes)
    #expect(after.operators == example.expected)
    try expectEqualOutputs(graph, after)
  }

  private func expectEqualOutputs(_ before: Graph, _ after: Graph) throws {
    let expected = try before.outputs(seed: 5)
    for (index, found) in try after.outputs(seed: 5).enumerated() {
      #expect(error(found, expected[index]) < 1e-5)
    }
  }

  /// Requires that the whole is not found; a smaller part of it may be.
  private func expectKept(_ graph: Graph, _ example: RewriteCase, _ why: String) throws {
    let after = try graph.applying(example.pass)
    #expect(example.expected.allSatisfy { after.count($0) == graph.count($0) }, "\(why)")
    try expectEqualOutputs(graph, after)
  }

  @Test(arguments: RewriteCase.all)
  func becomesOneNode(_ example: RewriteCase) throws {
    try expectRewritten(try example.graph(), example)
  }

  @Test(arguments: RewriteCase.all)
  func inEachOrderOfOperands(_ example: RewriteCase) throws {
    let graph = try example.graph()
    for position in graph.nodes.indices
    where ["Add", "Mul"].contains(graph.nodes[position].op) {
      var swapped = graph
      swapped.nodes[position].inputs.reverse()
      try expectRewritten(swapped, example)
    }
  }

  @Test(arguments: RewriteCase.all)
  func notWhereAValueInsideIsAnOutput(_ example: RewriteCase) throws {
    let graph = try example.graph()
    for inside in graph.inside {
      var mutant = graph
      mutant.outputs.append(inside)
      try expectKept(mutant, example, graph[inside].name)
    }
  }

  @Test(arguments: RewriteCase.all)
  func notWhereAValueInsideIsReadElsewhere(_ example: RewriteCase) throws {
    let graph = try example.graph()
    for inside in graph.inside where graph[inside].type == .float32 {
      var mutant = graph
      let copy = mutant.add(Value(name: "copy", type: .float32, shape: graph[inside].shape))
      mutant.nodes.append(Node(name: "reader", op: "Neg", inputs: [inside], outputs: [copy]))
      mutant.outputs.append(copy)
      try expectKept(mutant, example, graph[inside].name)
    }
  }

  @Test(arguments: RewriteCase.all.filter { !$0.hasFreeNumbers })
  func notWithOtherNumbers(_ example: RewriteCase) throws {
    let graph = try example.graph()
    for index in graph.values.indices {
      guard let tensor = graph.values[index].constant, tensor.shape.count == 1,
        tensor.type == .float32
      else { continue }
      var mutant = graph
      mutant.values[index].constant = Tensor(
        tensor.floats().map { $0 * 1.01 + 0.001 }, shape: tensor.shape)
      try expectKept(mutant, example, "\(graph.values[index].name)")
    }
  }

  @Test func roundedNumbersAreCloseEnoughAndOthersAreNot() throws {
    for (factor, count) in [(0.70710678, 1), (0.7071, 1), (0.707, 0)] {
      var b = TestSupport.GraphBuilder()
      let x = b.input([4])
      let erf = b.node("Erf", b.mul(x, b.number(factor)))
      let graph = b.finish(b.mul(b.mul(x, b.add(erf, b.number(1))), b.number(0.5)))
      let after = try graph.applying(.foldConstants, .recognizeGelu)
      #expect(after.count("Gelu") == count, "\(factor)")
    }
  }

  @Test func numbersThatRaiseTheRankForbidIt() throws {
    var b = TestSupport.GraphBuilder()
    let x = b.input([4])
    let y = b.mul(b.mul(x, b.gate(x)), b.number(0.5, rank: 3))
    let graph = try b.finish(y).applying(.foldConstants)
    #expect(try graph.applying(.recognizeGelu).count("Gelu") == 0)
  }

  @Test func meansOverOtherDimensionsForbidIt() throws {
    for (axis, keeps, count) in [(2, 1, 1), (1, 1, 0), (2, 0, 0)] as [(Int64, Int64, Int)] {
      var b = TestSupport.GraphBuilder()
      let x = b.input([5, 5, 5])
      let mean = b.node(
        "ReduceMean", x, b.constant(Tensor([axis])), attributes: ["keepdims": .int(keeps)])
      let d = b.node("Sub", x, mean)
      let graph = try b.finish(b.div(d, b.deviation(d))).applying(.foldConstants)
      let after = try graph.applying(.recognizeNormalization)
      #expect(after.count("LayerNormalization") == count, "axis \(axis), keepdims \(keeps)")
      try expectEqualOutputs(graph, after)
    }
  }

  @Test func gatesOfAnotherValueAreNoSwish() throws {
    var b = TestSupport.GraphBuilder()
    let (x, other) = (b.input([4]), b.input([4], name: "other"))
    let graph = try b.finish(b.mul(x, b.node("Sigmoid", other))).applying(.foldConstants)
    #expect(try graph.applying(.recognizeSwish).operators == ["Sigmoid", "Mul"])
  }

  @Test func steeperGatesAreNoHardSwish() throws {
    var b = TestSupport.GraphBuilder()
    let x = b.input([4])
    let gate = b.node("HardSigmoid", x, attributes: ["alpha": .float(0.2), "beta": .float(0.5)])
    let graph = try b.finish(b.mul(x, gate)).applying(.foldConstants)
    #expect(try graph.applying(.recognizeSwish).operators == ["HardSigmoid", "Mul"])
  }

  @Test func twoInARowAreBothFound() throws {
    var b = TestSupport.GraphBuilder()
    let x = b.input([2, 8])
    let once = b.mul(b.mul(x, b.gate(x)), b.number(0.5))
    let twice = b.mul(b.mul(once, b.gate(once)), b.number(0.5))
    let graph = try b.finish(twice).applying(.foldConstants)
    let after = try graph.applying(.recognizeGelu)
    #expect(after.operators == ["Gelu", "Gelu"])
    try expectEqualOutputs(graph, after)
  }
}

extension Graph {
  /// What nodes compute, but for the outputs and what comes before the first product of matrices: keys
  /// that are transposed, or queries that are scaled, may be read elsewhere too.
  fileprivate var inside: [ValueID] {
    let product = nodes.firstIndex { $0.op == "MatMul" } ?? 0
    return nodes[product...].flatMap { $0.outputs.compactMap { $0 } }.filter {
      !outputs.contains($0)
    }
  }
}
