import Kernels
import ModelFormat

@testable import Operators

extension Operator {
  /// Runs a node with its rank-4 operands in `layout` and with the given parameters of quantized
  /// operands; returns the outputs in row-major order.
  func run(
    _ node: Node, _ inputs: [Tensor?], layout: Layout, quantizations: [Quantization?] = [],
    output: Quantization? = nil
  ) throws -> [Tensor] {
    var facts = NodeFacts(
      node: node,
      inputs: inputs.enumerated().map { index, tensor in
        tensor.map {
          ValueFacts(
            type: $0.type, shape: $0.shape, layout: $0.shape.rank == 4 ? layout : .rowMajor,
            quantization: index < quantizations.count ? quantizations[index] : nil, constant: $0)
        }
      })
    facts.outputs = try infer(facts)
    for index in facts.outputs.indices {
      facts.outputs[index].layout = facts.outputs[index].shape.rank == 4 ? layout : .rowMajor
      if let output { facts.outputs[index].quantization = output }
    }
    let execution = try prepare(facts)
    let sources = facts.inputs.indices.map { index -> AlignedBuffer in
      guard let tensor = inputs[index], let facts = facts.inputs[index] else {
        return AlignedBuffer(0)
      }
      return AlignedBuffer(tensor.dense, facts)
    }
    let results = facts.outputs.map { AlignedBuffer($0.byteCount) }
    let scratch = AlignedBuffer(execution.scratch.mostBytes)
    // The pointers alone would not keep the buffers alive.
    withExtendedLifetime((sources, results, scratch)) {
      sources.map(\.pointer).withUnsafeBufferPointer { ins in
        results.map(\.pointer).withUnsafeBufferPointer { outs in
          guard let ins = ins.baseAddress, let outs = outs.baseAddress else { return }
          execution.run(
            Operands(
              inputs: ins, outputs: outs, scratch: scratch.pointer, pool: ThreadPool(threads: 2)))
        }
      }
    }
    return zip(facts.outputs, results).map { facts, buffer in
      Tensor(type: facts.type, shape: facts.shape, bytes: Bytes(buffer.rowMajor(facts)))
    }
  }
}

/// A node that reads `inputs` values and makes `outputs`.
func node(
  _ op: String, inputs: Int, outputs: Int = 1, _ attributes: [String: Attribute] = [:]
) -> Node {
  Node(
    name: op, op: op, inputs: (0..<inputs).map { ValueID($0) },
    outputs: (0..<outputs).map { ValueID(inputs + $0) }, attributes: attributes)
}

extension Tensor {
  /// A tensor of bytes.
  static func bytes(_ elements: [UInt8], _ shape: Shape) -> Tensor {
    Tensor(type: .uint8, shape: shape, bytes: Bytes(elements))
  }
}
