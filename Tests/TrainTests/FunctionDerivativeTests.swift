import ModelFormat
import TestSupport
import Testing

@testable import Train

/// Functions of one element and of two, against differences.
@Suite struct FunctionDerivativeTests {
  struct Function: Sendable, CustomTestStringConvertible {
    let op: String
    var attributes: [String: Attribute] = [:]
    /// Where inputs are: `middle ± size`.
    var size: Float = 2
    var middle: Float = 0.1
    /// Small where the function has corners.
    var step: Float = 1e-2
    var testDescription: String { "\(op) \(attributes)" }
  }

  static let functions: [Function] = [
    .init(op: "Abs", step: 1e-4), .init(op: "Celu", attributes: ["alpha": .float(0.7)]),
    .init(op: "Cos"), .init(op: "Dropout"), .init(op: "Elu", attributes: ["alpha": .float(0.6)]),
    .init(op: "Erf"), .init(op: "Exp"), .init(op: "Gelu"),
    .init(op: "Gelu", attributes: ["approximate": .string("tanh")]),
    .init(op: "HardSigmoid", attributes: ["alpha": .float(0.3)], step: 1e-3),
    .init(op: "HardSwish", size: 5, step: 1e-3), .init(op: "Identity"),
    .init(op: "LeakyRelu", attributes: ["alpha": .float(0.2)], step: 1e-4),
    .init(op: "Log", size: 0.9, middle: 2.4, step: 3e-3),
    .init(op: "LogSoftmax", attributes: ["axis": .int(1)]),
    .init(op: "LogSoftmax"), .init(op: "Mish"), .init(op: "Neg"),
    .init(op: "Reciprocal", size: 0.5, middle: 2.5), .init(op: "Selu", step: 1e-3),
    .init(op: "Sigmoid"), .init(op: "Sin"), .init(op: "Softmax"),
    .init(op: "Softmax", attributes: ["axis": .int(1)]),
    .init(op: "Softmax", attributes: ["axis": .int(2)]), .init(op: "Softplus"),
    .init(op: "Softsign"), .init(op: "Sqrt", size: 0.9, middle: 2.4, step: 3e-3),
    .init(op: "Swish", attributes: ["alpha": .float(1.5)]), .init(op: "Swish"),
    .init(op: "Tanh"), .init(op: "ThresholdedRelu", attributes: ["alpha": .float(0.3)], step: 1e-4),
  ]

  @Test(arguments: functions)
  func functionsOfOneElement(function: Function) throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 3, 4, 5])
    let bias = builder.weights(3, 4, 5)
    let sum = builder.node("Add", x, bias)
    let y = builder.node(function.op, sum, attributes: function.attributes)
    try GradientCheck(
      graph: builder.finish(y), parameters: [bias], step: function.step, size: function.size,
      middle: function.middle
    ).run()
    // Where the gradient is added to another.
    var shared = GraphBuilder()
    let input = shared.input([1, 3, 4, 5])
    let weights = shared.weights(3, 4, 5)
    let both = shared.node("Add", input, weights)
    let value = shared.node(function.op, both, attributes: function.attributes)
    try GradientCheck(
      graph: shared.finish(shared.node("Add", value, shared.node("Mul", both, both))),
      parameters: [weights],
      step: function.step, size: function.size, middle: function.middle
    ).run()
  }

  struct Pair: Sendable, CustomTestStringConvertible {
    let op: String
    let shape: [Int]
    var size: Float = 2
    var middle: Float = 0
    var step: Float = 1e-2
    var tensor: Float = 1
    var testDescription: String { "\(op) with \(shape)" }
  }

  static let pairs: [Pair] = ["Sub", "Mul", "Div", "PRelu", "Max", "Min", "Pow", "Sum", "Mean"]
    .flatMap { op -> [Pair] in
      [[2, 3, 4, 5], [3, 1, 1], [1, 3, 4, 1], [5], [2, 1, 1, 1], [1]].map { shape in
        switch op {
        case "Div": Pair(op: op, shape: shape, tensor: 2)
        case "Pow": Pair(op: op, shape: shape, size: 0.8, middle: 1.2)
        case "PRelu", "Max", "Min": Pair(op: op, shape: shape, step: 5e-5)
        default: Pair(op: op, shape: shape)
        }
      }
    }

  @Test(arguments: pairs)
  func functionsOfTwo(pair: Pair) throws {
    var random = SeededGenerator(seed: 31)
    let shape = Shape(pair.shape)
    for isFirst in pair.op == "PRelu" || pair.op == "Pow" ? [true] : [true, false] {
      var builder = GraphBuilder()
      let x = builder.input([2, 3, 4, 5])
      // Away from zero, where quotients have none.
      let other = builder.constant(
        Tensor(
          random.uniform(shape.count).map {
            pair.op == "Div" || pair.op == "Pow" ? 1.5 + $0 * 0.5 : $0
          },
          shape: shape))
      let isDivided = pair.op == "Div" && !isFirst
      let y =
        isFirst ? builder.node(pair.op, x, other) : builder.node(pair.op, other, x)
      try GradientCheck(
        graph: builder.finish(y), batch: 2, parameters: [other], threads: 2, step: pair.step,
        size: isDivided ? 0.5 : pair.size, middle: isDivided ? 1.5 : pair.middle
      ).run()
    }
  }

  @Test func oneValueAsBothOperands() throws {
    for op in ["Mul", "Div", "Add"] {
      var builder = GraphBuilder()
      let x = builder.input([1, 20])
      let weights = builder.weights(20)
      let product = builder.node("Mul", x, weights)
      let shifted = builder.node("Add", product, builder.constant(Tensor([3], shape: [])))
      let squared = builder.node(op == "Div" ? "Mul" : op, shifted, shifted)
      let y = op == "Div" ? builder.node("Div", squared, shifted) : squared
      try GradientCheck(graph: builder.finish(y), parameters: [weights]).run()
    }
  }

  @Test(arguments: [2, 3, 0.5, -1, 1.7] as [Float])
  func constantExponents(exponent: Float) throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 30])
    let weights = builder.weights(30)
    let sum = builder.node(
      "Add", x, builder.node("Mul", weights, builder.constant(Tensor([0.1], shape: []))))
    let y = builder.node("Pow", sum, builder.constant(Tensor([exponent], shape: [])))
    try GradientCheck(
      graph: builder.finish(y), parameters: [weights], step: 3e-3, size: 0.5, middle: 1.2
    ).run()
  }

  @Test func chosenValues() throws {
    var builder = GraphBuilder()
    let x = builder.input([1, 3, 4, 5])
    let other = builder.weights(3, 1, 5)
    let bits = (0..<20).map { UInt8($0 % 3 == 0 ? 1 : 0) }
    let condition = builder.constant(
      Tensor(type: .bool, shape: [4, 5], bytes: Bytes(bits)))
    let y = builder.node("Where", condition, builder.node("Mul", x, other), other)
    try GradientCheck(graph: builder.finish(y), parameters: [other]).run()
  }
}
