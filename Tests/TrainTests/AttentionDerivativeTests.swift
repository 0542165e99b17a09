import Interpreter
import ModelFormat
import TestSupport
import Testing

@testable import Train

/// Attention and Einsum, against differences.
@Suite struct AttentionDerivativeTests {
  /// Queries, keys and values are an input times weights each, in three dimensions or four.
  @Test func headsFlatAndApart() throws {
    for (flat, heads, shared, causal, masked) in [
      (true, 2, 2, 0, false), (true, 4, 2, 0, true), (false, 2, 2, 1, false),
      (false, 4, 1, 0, true),
    ] {
      var builder = GraphBuilder()
      func operand(_ length: Int, _ heads: Int, _ size: Int) -> (x: ValueID, weights: ValueID) {
        let x = builder.input(
          flat ? [2, length, heads * size] : [2, heads, length, size], name: "x\(length)\(size)")
        let weights = builder.weights(flat ? heads * size : size)
        return (builder.node("Mul", x, weights), weights)
      }
      let (q, k) = (operand(5, heads, 3), operand(7, shared, 3))
      let v = operand(7, shared, 4)
      let mask = masked ? builder.weights(2, 1, 5, 7) : nil
      var attributes: [String: Attribute] = [
        "is_causal": .int(Int64(causal)), "scale": .float(0.9),
      ]
      if flat {
        attributes["q_num_heads"] = .int(Int64(heads))
        attributes["kv_num_heads"] = .int(Int64(shared))
      }
      let y = builder.nodes("Attention", [q.x, k.x, v.x, mask], attributes, outputs: 1)[0]
      try GradientCheck(
        graph: builder.finish(y), parameters: [q.weights, k.weights, v.weights], threads: 2,
        tolerance: 2e-2
      ).run()
    }
  }

  @Test func resultsDoNotDependOnThreads() throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 9, 8])
    let weights = builder.weights(8)
    let product = builder.node("Mul", x, weights)
    let heads = builder.node(
      "Attention", product, product, product,
      attributes: ["q_num_heads": .int(4), "kv_num_heads": .int(4)])
    var graph = builder.finish(heads)
    try graph.inferShapes()
    func gradients(_ threads: Int) throws -> [Float] {
      let network = try TrainingNetwork(
        graph, batch: 3, parameters: [weights], threads: threads, keeps: [x])
      let input = try network.activation(x)
      for index in input.indices { input[index] = Float(index * 37 % 101) / 50 - 1 }
      network.forward()
      let gradient = try #require(try network.gradient(of: heads))
      for index in gradient.indices { gradient[index] = Float(index % 7) - 3 }
      network.backward()
      return [Float](network.gradients)
    }
    #expect(try gradients(1) == gradients(3))
  }

  @Test(arguments: ["bik,bkj->bij", "ik,kj->ji", "bhik,bhjk->bhij", "bi,bj->bij", "bijk->bkji"])
  func einsums(equation: String) throws {
    let extents: [Character: Int] = ["b": 2, "h": 3, "i": 4, "j": 5, "k": 6]
    let sides = equation.split(separator: ">")
    let terms = sides[0].dropLast().split(separator: ",")
    func shape(_ term: Substring) -> Shape { Shape(term.map { extents[$0] ?? 1 }) }
    var builder = GraphBuilder()
    let x = builder.input(shape(terms[0]))
    let weights = builder.weights(extents[terms[0].last ?? "b"] ?? 1)
    let first = builder.node("Mul", x, weights)
    var operands = [first]
    var parameters = [weights]
    if terms.count > 1 {
      let other = builder.constant(
        Tensor(
          (0..<shape(terms[1]).count).map { Float($0 % 11) / 5 - 1 }, shape: shape(terms[1])))
      operands.append(other)
      parameters.append(other)
    }
    let y = builder.nodes("Einsum", operands, ["equation": .string(equation)], outputs: 1)[0]
    try GradientCheck(
      graph: builder.finish(y), batch: shape(terms[0])[0], parameters: parameters, threads: 2
    ).run()
  }
}
