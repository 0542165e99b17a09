import ModelFormat
import Testing

@testable import Operators

/// A node that must be refused.
private struct Refusal: Sendable, CustomTestStringConvertible {
  let op: String
  let inputs: [Tensor?]
  let attributes: [String: Attribute]

  init(_ op: String, _ inputs: [Tensor?], _ attributes: [String: Attribute] = [:]) {
    self.op = op
    self.inputs = inputs
    self.attributes = attributes
  }

  var testDescription: String {
    "\(op) \(inputs.map { $0?.shape.description ?? "-" }) \(attributes)"
  }
}

private func floats(_ shape: Int...) -> Tensor {
  Tensor([Float](repeating: 1, count: shape.reduce(1, *)), shape: Shape(shape))
}

private func bools(_ shape: Int...) -> Tensor {
  let count = shape.reduce(1, *)
  return Tensor(
    type: .bool, shape: Shape(shape), bytes: Bytes([UInt8](repeating: 1, count: count)))
}

private let integers = Tensor([1, 2, 3])
private let extremes: [Int64] = [.max, .min, 2, -3, 1 << 32]

private let wrongTypes: [Refusal] = [
  Refusal("Sigmoid", [integers]), Refusal("Sigmoid", [bools(2)]), Refusal("Relu", [bools(2)]),
  Refusal("Not", [floats(2)]), Refusal("IsNaN", [integers]),
  Refusal("And", [floats(2), floats(2)]),
  Refusal("Add", [floats(3), integers]), Refusal("Add", [bools(3), bools(3)]),
  Refusal("Less", [floats(3), integers]), Refusal("Where", [floats(3), floats(3), floats(3)]),
  Refusal("Where", [bools(3), floats(3), integers]),
  Refusal("Clip", [floats(3), Tensor([Int64(1)], shape: [])]),
  Refusal("Pow", [floats(3), bools(3)]), Refusal("PRelu", [floats(3), integers]),
  Refusal("ReduceSum", [bools(3)]), Refusal("ReduceMean", [floats(3), floats(1)]),
  Refusal("ReduceLogSumExp", [integers]), Refusal("ArgMax", [bools(3)]),
  Refusal("Softmax", [integers]), Refusal("LayerNormalization", [integers, integers]),
  Refusal("LRN", [Tensor([Int64(1), 2], shape: [1, 2])], ["size": .int(3)]),
  Refusal("Mean", [integers, integers]),
  Refusal("BatchNormalization", [integers, integers, integers, integers, integers]),
]

private let wrongShapes: [Refusal] = [
  Refusal("Add", [floats(2, 3), floats(2)]), Refusal("Equal", [floats(0), floats(2)]),
  Refusal("Max", [floats(2), floats(3), floats(1)]),
  Refusal("Where", [bools(2), floats(3), floats(3)]), Refusal("Clip", [floats(3), floats(2)]),
  Refusal("Clip", [floats(3), floats(0)]), Refusal("PRelu", [floats(3), floats(2, 3)]),
  Refusal("ArgMax", [floats(2, 0)], ["axis": .int(1)]), Refusal("ArgMax", [floats()]),
  Refusal("Softmax", [floats()]), Refusal("LayerNormalization", [floats(), floats()]),
  Refusal("LayerNormalization", [floats(2, 3), floats(2)]),
  Refusal("LayerNormalization", [floats(2, 3), floats(3), floats(2)]),
  Refusal("RMSNormalization", [floats(2, 3), floats(2)]),
  Refusal("RMSNormalization", [floats(), floats()]),
  Refusal("BatchNormalization", [floats(2, 3), floats(3), floats(3), floats(3), floats(2)]),
  Refusal("BatchNormalization", [floats(), floats(1), floats(1), floats(1), floats(1)]),
  Refusal("InstanceNormalization", [floats(2, 3, 4), floats(3), floats(4)]),
  Refusal("InstanceNormalization", [floats(3), floats(3), floats(3)]),
  Refusal("GroupNormalization", [floats(2, 4, 3), floats(2), floats(2)], ["num_groups": .int(2)]),
  Refusal("LRN", [floats(3)], ["size": .int(3)]),
]

private let wrongCounts: [Refusal] = [
  Refusal("Relu", []), Refusal("Relu", [nil]), Refusal("Add", [floats(2)]),
  Refusal("Add", [floats(2), nil]), Refusal("Max", []), Refusal("Max", [floats(1), nil]),
  Refusal("Where", [bools(1), nil, floats(1)]), Refusal("Clip", [nil, floats()]),
  Refusal("LayerNormalization", [floats(2), nil]), Refusal("ReduceSum", [nil, integers]),
  Refusal("Pow", [nil, floats(1)]), Refusal("Equal", [floats(1), nil]),
]

private let wrongAttributes: [Refusal] =
  extremes.flatMap { number in
    [
      Refusal("Softmax", [floats(2, 2)], ["axis": .int(number)]),
      Refusal("ArgMin", [floats(2, 2)], ["axis": .int(number)]),
      Refusal("ReduceSum", [floats(2, 2), Tensor([number])]),
      Refusal("LayerNormalization", [floats(2, 2), floats(2)], ["axis": .int(number)]),
      Refusal(
        "GroupNormalization", [floats(2, 5), floats(5), floats(5)], ["num_groups": .int(number)]),
      Refusal("Cast", [floats(2)], ["to": .int(number == 2 ? 8 : number)]),
    ]
  } + [
    Refusal("LRN", [floats(2, 5)], ["size": .int(0)]), Refusal("LRN", [floats(2, 5)]),
    Refusal("LRN", [floats(2, 5)], ["size": .int(.min)]),
    Refusal("LRN", [floats(2, 5)], ["size": .int(.max)]),
    Refusal("Cast", [floats(2)]), Refusal("Cast", [floats(2)], ["to": .string("1")]),
    Refusal("Gelu", [floats(2)], ["approximate": .string("other")]),
    Refusal("Gelu", [floats(2)], ["approximate": .int(1)]),
    Refusal("LeakyRelu", [floats(2)], ["alpha": .string("x")]),
    Refusal("Mod", [floats(2), floats(2)], ["fmod": .int(2)]),
    Refusal("Dropout", [floats(2), nil, bools()]),
    Refusal("GroupNormalization", [floats(2, 5), floats(5), floats(5)]),
  ]

@Suite struct ArithmeticRefusalTests {
  @Test(arguments: wrongTypes + wrongShapes + wrongCounts + wrongAttributes)
  fileprivate func refuses(_ refusal: Refusal) throws {
    let op = try #require(Operator.named(refusal.op))
    let node = Node(
      name: "", op: refusal.op, inputs: [], outputs: [ValueID(0)], attributes: refusal.attributes)
    #expect(throws: OperatorError.self) { try op.evaluate(node: node, inputs: refusal.inputs) }
  }

  @Test func neverTrapsOnExtremeIntegers() throws {
    let a = Tensor([.min, .min, .max, .max, 0, -1])
    let b = Tensor([-1, 0, .max, 0, 0, .min])
    for name in ["Add", "Sub", "Mul", "Div", "Mod", "Pow", "Min", "Max", "Sum"] {
      for fmod in [Int64(0), 1] {
        let op = try #require(Operator.named(name))
        let node = Node(
          name: "", op: name, inputs: [], outputs: [ValueID(0)], attributes: ["fmod": .int(fmod)])
        _ = try op.evaluate(node: node, inputs: [a, b])
        _ = try op.evaluate(node: node, inputs: [b, a])
      }
    }
    for name in [
      "Neg", "Abs", "Sign", "Relu", "ReduceSum", "ReduceProd", "ReduceMean", "ReduceL1",
      "ReduceL2", "ReduceLogSum", "ReduceSumSquare", "ReduceMax", "ArgMin",
    ] {
      let op = try #require(Operator.named(name))
      let node = Node(name: "", op: name, inputs: [], outputs: [ValueID(0)])
      _ = try op.evaluate(node: node, inputs: [a])
    }
  }

  @Test func dividesByZeroToZero() throws {
    let node = Node(name: "", op: "Div", inputs: [], outputs: [ValueID(0)])
    let found = try Operator.div.evaluate(node: node, inputs: [Tensor([7, -7]), Tensor([0, 2])])
    #expect(found[0].integers() == [0, -3])
  }

  @Test func refusesQuantizedOperandsItCannotCompute() throws {
    let good = Quantization(scale: 0.5, zeroPoint: 3)
    let bad = [
      Quantization(scale: 0), Quantization(scale: -1), Quantization(scale: .nan),
      Quantization(scale: .infinity), Quantization(scale: 1, zeroPoint: 256),
      Quantization(scale: 1, zeroPoint: -1), Quantization(scales: [1, 1], axis: 0),
      Quantization(scales: [], axis: 0),
    ]
    for name in ["Add", "Mul", "Sub", "Relu", "Sigmoid", "Clip", "ReduceMean"] {
      let op = try #require(Operator.named(name))
      let node = Node(name: "", op: name, inputs: [], outputs: [ValueID(0)])
      for (x, y) in bad.map({ ($0, good) }) + bad.map({ (good, $0) }) {
        let input = ValueFacts(type: .uint8, shape: [2], quantization: x)
        let isBinary = op.inputs.lowerBound == 2
        var facts = NodeFacts(node: node, inputs: isBinary ? [input, input] : [input])
        facts.outputs = try op.infer(facts)
        facts.outputs[0].quantization = y
        let prepared = facts
        #expect(throws: OperatorError.self) { try op.prepare(prepared) }
      }
    }
  }
}
