public import Kernels
public import ModelFormat

extension Operator {
  /// Runs one node on constants and returns the outputs as dense row-major tensors.
  ///
  /// Constant folding and tests use this; the layout is row-major unless the operator's rule asks for
  /// channels last, and inputs and outputs are converted accordingly.
  ///
  /// - Throws: `OperatorError` where the node is invalid or its operands are not supported.
  public func evaluate(
    node: Node, inputs: [Tensor?], pool: ThreadPool = ThreadPool(threads: 1)
  ) throws(OperatorError) -> [Tensor] {
    guard self.inputs.contains(inputs.count) else {
      throw .operandCount(found: inputs.count, allowed: self.inputs, outputs: false)
    }
    let facts = inputs.map { tensor in
      tensor.map { ValueFacts(type: $0.type, shape: $0.shape, constant: $0) }
    }
    var nodeFacts = NodeFacts(node: node, inputs: facts)
    nodeFacts.outputs = try infer(nodeFacts)
    if layout == .channelsLast {
      // Data in channels last, constants (weights) as they are: the first input is the data.
      if nodeFacts.inputs[0]?.shape.rank == 4 {
        nodeFacts.inputs[0]?.layout = .channelsLast
        for i in nodeFacts.outputs.indices where nodeFacts.outputs[i].shape.rank == 4 {
          nodeFacts.outputs[i].layout = .channelsLast
        }
      }
    }
    let execution = try prepare(nodeFacts)
    let operandBuffers = nodeFacts.inputs.indices.map { i -> AlignedBuffer in
      guard let tensor = inputs[i], let facts = nodeFacts.inputs[i] else { return AlignedBuffer(0) }
      return AlignedBuffer(tensor.dense, facts)
    }
    let results = nodeFacts.outputs.map { AlignedBuffer($0.byteCount) }
    let scratch = AlignedBuffer(execution.scratchBytes)
    // The pointers alone would not keep the buffers alive.
    withExtendedLifetime((operandBuffers, results, scratch)) {
      operandBuffers.map({ $0.pointer }).withUnsafeBufferPointer { ins in
        results.map({ $0.pointer }).withUnsafeBufferPointer { outs in
          guard let ins = ins.baseAddress, let outs = outs.baseAddress else { return }
          execution.run(Operands(inputs: ins, outputs: outs, scratch: scratch.pointer, pool: pool))
        }
      }
    }
    return zip(nodeFacts.outputs, results).map { facts, buffer in
      Tensor(type: facts.type, shape: facts.shape, bytes: Bytes(buffer.rowMajor(facts)))
    }
  }
}
