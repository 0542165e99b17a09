public import Kernels
public import ModelFormat

extension Operator {
  /// Runs one node on constants and returns the outputs as dense row-major tensors.
  ///
  /// - Throws: `OperatorError` where the node is invalid or its operands are not supported.
  public func evaluate(
    node: Node, inputs: [Tensor?], pool: ThreadPool = ThreadPool(threads: 1)
  ) throws(OperatorError) -> [Tensor] {
    let facts = inputs.map { tensor in
      tensor.map { ValueFacts(type: $0.type, shape: $0.shape, constant: $0) }
    }
    let prepared = try PreparedNode(self, node, inputs: facts)
    let operands = inputs.enumerated().map { index, tensor in
      prepared.isPacked(index) ? nil : tensor.map { AlignedBuffer($0.dense) }
    }
    return zip(prepared.facts.outputs, prepared.run(operands, pool: pool)).map { facts, buffer in
      Tensor(type: facts.type, shape: facts.shape, bytes: buffer.bytes)
    }
  }
}
