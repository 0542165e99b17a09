import Foundation
import ModelFormat
import Testing

@testable import Kernels
@testable import Operators

/// A node with its inputs and what another runtime makes of them; see
/// Scripts/make-operator-fixtures-arithmetic.py.
struct FixtureA: Decodable, Sendable, CustomTestStringConvertible {
  struct Operand: Decodable, Sendable {
    let type: UInt8
    let shape: [Int]
    let data: Data
    let scale: Float?
    let zero: Int32?

    /// The parameters, where the operand is quantized.
    var quantization: Quantization? { scale.map { Quantization(scale: $0, zeroPoint: zero ?? 0) } }
  }
  struct Value: Decodable, Sendable {
    let int: Int64?
    let float: Float?
    let string: String?
    let ints: [Int64]?
  }
  let op: String
  let attributes: [String: Value]
  let inputs: [Operand?]
  let outputs: [Operand]

  var testDescription: String {
    "\(op) \(inputs.map { $0.map { "\($0.shape)" } ?? "-" }) \(attributes.keys.sorted())"
  }

  static func load(_ name: String) throws -> [FixtureA] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    let data = try Data(contentsOf: folder.appending(path: name + ".json"))
    return try JSONDecoder().decode([FixtureA].self, from: data)
  }

  func tensors(_ operands: [Operand?]) throws -> [Tensor?] {
    try operands.map { operand in
      guard let operand else { return nil }
      return Tensor(
        type: try #require(ElementType(rawValue: operand.type)), shape: Shape(operand.shape),
        bytes: Bytes([UInt8](operand.data)), quantization: operand.quantization)
    }
  }

  var node: Node {
    Node(
      name: "", op: op, inputs: inputs.indices.map { inputs[$0] == nil ? nil : ValueID($0) },
      outputs: outputs.indices.map { ValueID(100 + $0) },
      attributes: attributes.mapValues { value in
        if let int = value.int { return .int(int) }
        if let float = value.float { return .float(float) }
        return value.string.map { .string($0) } ?? .ints(value.ints ?? [])
      })
  }
}

/// Facts about constants in `layout`, where they have the rank for it.
func facts(_ tensors: [Tensor?], _ layout: Layout) -> [ValueFacts?] {
  tensors.map { tensor in
    tensor.map {
      ValueFacts(
        type: $0.type, shape: $0.shape, layout: $0.shape.rank == 4 ? layout : .rowMajor,
        quantization: $0.quantization, constant: $0)
    }
  }
}

/// Runs `op` with given facts; `outputs` replaces the parameters of quantized outputs.
func execute(
  _ op: Operators.Operator, _ facts: NodeFacts, _ inputs: [Tensor?], outputs: Quantization?,
  inPlace: Bool = true
) throws -> [Tensor] {
  var facts = facts
  facts.outputs = try op.infer(facts)
  if let outputs { facts.outputs[0].quantization = outputs }
  let execution = try op.prepare(facts)
  let ins = zip(inputs, facts.inputs).map { tensor, facts -> AlignedBuffer in
    guard let tensor, let facts else { return AlignedBuffer(0) }
    return AlignedBuffer(tensor.dense, facts)
  }
  var outs = facts.outputs.map { AlignedBuffer($0.byteCount) }
  if inPlace, let input = execution.overwrites, ins[input].count == outs[0].count {
    outs[0] = ins[input]
  }
  let scratch = AlignedBuffer(execution.scratch.mostBytes)
  // The pointers alone would not keep the buffers alive.
  withExtendedLifetime((ins, outs, scratch)) {
    ins.map(\.pointer).withUnsafeBufferPointer { i in
      outs.map(\.pointer).withUnsafeBufferPointer { o in
        guard let i = i.baseAddress, let o = o.baseAddress else { return }
        execution.run(
          Operands(inputs: i, outputs: o, scratch: scratch.pointer, pool: ThreadPool(threads: 3)))
      }
    }
  }
  return zip(facts.outputs, outs).map { facts, buffer in
    Tensor(type: facts.type, shape: facts.shape, bytes: Bytes(buffer.rowMajor(facts)))
  }
}

/// Requires equal types and shapes, equal integers, and real numbers equal to about six digits.
func expect(
  _ found: Tensor, equals expected: Tensor, _ fixture: FixtureA? = nil, tolerance: Double = 1e-5
) {
  let name = fixture?.testDescription ?? ""
  #expect(found.type == expected.type, "\(name)")
  #expect(found.shape == expected.shape, "\(name)")
  guard found.type == expected.type, found.shape == expected.shape else { return }
  switch found.type {
  case .float32, .float64:
    let a = reals(found)
    let b = reals(expected)
    for (a, b) in zip(a, b) {
      let isEqual =
        a == b || (a.isNaN && b.isNaN) || abs(a - b) <= tolerance * max(1, abs(b)) + 1e-7
      #expect(isEqual, "\(name): \(a) is not \(b)")
      if !isEqual { return }
    }
  default: #expect(found.dense.array == expected.dense.array, "\(name)")
  }
}

private func reals(_ tensor: Tensor) -> [Double] {
  tensor.type == .float64
    ? tensor.dense.elements(as: Double.self) : tensor.floats().map { Double($0) }
}
