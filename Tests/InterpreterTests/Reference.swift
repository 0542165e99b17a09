import Interpreter
import ModelFormat
import Operators
import TestSupport
import Testing

/// Runs a graph node by node on tensors of their own: no plan, no layouts, no memory that is reused.
struct Reference {
  private(set) var tensors: [ValueID: Tensor] = [:]

  init(_ graph: Graph, _ inputs: [Tensor]) throws {
    for (index, value) in graph.values.enumerated() { tensors[ValueID(index)] = value.constant }
    for (id, tensor) in zip(graph.inputs, inputs) { tensors[id] = tensor }
    for node in graph.nodes {
      let op = try #require(Operators.Operator.named(node.op))
      let operands = node.inputs.map { id in id.flatMap { tensors[$0] } }
      for (id, tensor) in zip(node.outputs, try op.evaluate(node: node, inputs: operands)) {
        if let id { tensors[id] = tensor }
      }
    }
  }

  /// Random tensors for the inputs of a graph.
  static func inputs(_ graph: Graph, seed: UInt64) -> [Tensor] {
    graph.inputs.enumerated().map { index, id in
      var random = SeededGenerator(seed: seed &+ UInt64(index))
      let shape = graph[id].shape ?? []
      return Tensor(random.uniform(shape.count), shape: shape)
    }
  }
}

extension Interpreter {
  /// Loads tensors into the inputs.
  func load(_ tensors: [Tensor]) throws {
    for (index, tensor) in tensors.enumerated() {
      try tensor.dense.withUnsafeBytes { try setInput(index, $0) }
    }
  }

  /// Runs on `tensors` and returns the bytes of the outputs.
  func outputs(for tensors: [Tensor]) throws -> [[UInt8]] {
    try load(tensors)
    try run()
    return outputs.indices.map { [UInt8](output($0)) }
  }

  /// What step `step` has just written to output `output`, in row-major order.
  func written(_ step: Int, _ output: Int) -> Tensor {
    let facts = steps[step].outputs[output].facts
    var bytes = [UInt8](stepOutput(step, output))
    if facts.layout == .channelsLast, facts.shape.rank == 4 {
      let source = bytes
      source.withUnsafeBytes { from in
        bytes.withUnsafeMutableBytes { to in
          guard let target = to.baseAddress else { return }
          Permutation.toRowMajor(from, target, facts.shape, facts.type.size)
        }
      }
    }
    return Tensor(type: facts.type, shape: facts.shape, bytes: Bytes(bytes))
  }
}

/// Requires that `found` is `expected` but for rounding.
func expect(
  _ found: [Float], closeTo expected: [Float], _ name: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.count == expected.count, "\(name)", sourceLocation: sourceLocation)
  let largest = max(expected.map(abs).max() ?? 0, 1e-3)
  let error = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
  #expect(error <= 1e-5 * largest, "\(name)", sourceLocation: sourceLocation)
}
