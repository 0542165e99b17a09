public import Kernels
public import ModelFormat

/// One node made ready by itself, outside of a plan: row-major operands in, row-major results out.
///
/// Constant folding, tests, and nodes whose shapes depend on the data run this way.
public struct PreparedNode: Sendable {
  /// What is known about the operands, in the layouts that the operator works on.
  public let facts: NodeFacts
  private let execution: Execution

  /// Infers the results of `node` and prepares it for operands that `inputs` describe, all row-major.
  ///
  /// - Throws: `OperatorError` where the node is invalid or its operands are not supported; it is
  ///   `needsConstant` where the shape of a result depends on an operand whose data are not given.
  public init(
    _ op: Operator, _ node: Node, inputs: [ValueFacts?], outputLimit: Int = Int.max
  ) throws(OperatorError) {
    guard op.inputs.contains(inputs.count) else {
      throw .operandCount(found: inputs.count, allowed: op.inputs, outputs: false)
    }
    var facts = NodeFacts(node: node, inputs: inputs)
    facts.outputs = try op.infer(facts)
    for output in facts.outputs where output.byteCount > outputLimit {
      throw .shapeMismatch("makes an output that is too large (\(output.shape))")
    }
    if op.layout == .channelsLast, facts.inputs.first??.shape.rank == 4 {
      for index in facts.inputs.indices where facts.inputs[index]?.shape.rank == 4 {
        facts.inputs[index]?.layout = op.layout(ofInput: index, in: .channelsLast)
      }
      for index in facts.outputs.indices where facts.outputs[index].shape.rank == 4 {
        facts.outputs[index].layout = .channelsLast
      }
    }
    execution = try op.prepare(facts)
    self.facts = facts
  }

  /// Whether input `index` was packed, so that its memory is not read any more.
  public func isPacked(_ index: Int) -> Bool { execution.packedInputs.contains(index) }

  /// Bytes of results and scratch memory of one run.
  public var runBytes: Int {
    facts.outputs.reduce(execution.scratchBytes) { $0 &+ $1.byteCount }
  }

  /// Computes the results; inputs that are left out or packed may be nil.
  public func run(_ inputs: [AlignedBuffer?], pool: ThreadPool) -> [AlignedBuffer] {
    let absent = AlignedBuffer(0)
    let operands = inputs.enumerated().map { index, buffer -> AlignedBuffer in
      guard let buffer, let facts = facts.inputs[index] else { return absent }
      return facts.layout == .channelsLast ? buffer.channelsLast(facts) : buffer
    }
    let results = facts.outputs.map { AlignedBuffer($0.byteCount) }
    let scratch = AlignedBuffer(execution.scratchBytes(threads: pool.threads))
    // The pointers alone would not keep the buffers alive.
    withExtendedLifetime((operands, results, scratch)) {
      operands.map({ $0.pointer }).withUnsafeBufferPointer { ins in
        results.map({ $0.pointer }).withUnsafeBufferPointer { outs in
          guard let outs = outs.baseAddress else { return }
          // An operator without inputs reads none: any address will do.
          execution.run(
            Operands(
              inputs: ins.baseAddress ?? UnsafePointer(outs), outputs: outs,
              scratch: scratch.pointer, pool: pool))
        }
      }
    }
    return zip(facts.outputs, results).map { facts, buffer in
      guard facts.layout == .channelsLast else { return buffer }
      return AlignedBuffer(Bytes(buffer.rowMajor(facts)))
    }
  }
}

extension AlignedBuffer {
  /// A copy of `bytes`.
  public convenience init(_ bytes: Bytes) {
    self.init(bytes.count)
    bytes.withUnsafeBytes { source in
      if let base = source.baseAddress {
        pointer.copyMemory(from: base, byteCount: source.count)
      }
    }
  }

  /// The elements as bytes of their own.
  public var bytes: Bytes {
    Bytes([UInt8](UnsafeRawBufferPointer(start: pointer, count: count)))
  }

  /// A copy in channels last, for an activation of rank 4 that is row-major here.
  func channelsLast(_ facts: ValueFacts) -> AlignedBuffer {
    let copy = AlignedBuffer(count)
    Permutation.toChannelsLast(
      UnsafeRawBufferPointer(start: pointer, count: count), copy.pointer, facts.shape,
      facts.type.size)
    return copy
  }
}
