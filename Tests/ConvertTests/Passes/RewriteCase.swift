import ModelFormat
import Operators
import TestSupport
import Testing

@testable import Convert

/// A graph that is one pattern from its input to its output, and what a pass makes of it.
struct RewriteCase: Sendable, CustomTestStringConvertible {
  let name: String
  let pass: GraphPass
  /// The operators afterwards.
  let expected: [String]
  /// Whether the numbers in it may be others: epsilons, or factors that become attributes.
  let hasFreeNumbers: Bool
  private let build: @Sendable (inout TestSupport.GraphBuilder) -> ValueID

  var testDescription: String { name }

  init(
    _ name: String, _ pass: GraphPass, _ expected: [String], hasFreeNumbers: Bool = false,
    _ build: @escaping @Sendable (inout TestSupport.GraphBuilder) -> ValueID
  ) {
    self.name = name
    self.pass = pass
    self.expected = expected
    self.hasFreeNumbers = hasFreeNumbers
    self.build = build
  }

  /// The graph as a source might have it, with its shapes.
  func graph() throws -> Graph {
    var builder = TestSupport.GraphBuilder()
    let output = build(&builder)
    var graph = builder.finish(output)
    _ = try GraphPass.foldConstants.apply(&graph)
    return graph
  }
}

extension TestSupport.GraphBuilder {
  /// A constant of one element.
  mutating func number(_ value: Double, rank: Int = 0) -> ValueID {
    constant(Tensor([Float(value)], shape: Shape([Int](repeating: 1, count: rank))))
  }

  mutating func add(_ a: ValueID, _ b: ValueID) -> ValueID { node("Add", a, b) }
  mutating func mul(_ a: ValueID, _ b: ValueID) -> ValueID { node("Mul", a, b) }
  mutating func div(_ a: ValueID, _ b: ValueID) -> ValueID { node("Div", a, b) }

  /// The mean over the last dimension, which stays.
  mutating func mean(_ x: ValueID, axis: Int64 = -1) -> ValueID {
    node("ReduceMean", x, constant(Tensor([axis])))
  }

  /// 1 + Erf(x / √2).
  mutating func gate(_ x: ValueID) -> ValueID {
    add(node("Erf", div(x, number(2.0.squareRoot()))), number(1))
  }

  /// Relu6(x + 3).
  mutating func ramp(_ x: ValueID) -> ValueID {
    node("Clip", add(x, number(3)), number(0), number(6))
  }

  /// √(mean(d²) + ε), with the square as a product.
  mutating func deviation(_ d: ValueID) -> ValueID {
    node("Sqrt", add(mean(mul(d, d)), number(1e-5)))
  }
}

extension RewriteCase {
  static let all = gelus + gates + normalizations + shuffles + attentions

  private static let gelus: [RewriteCase] = [
    RewriteCase("gelu (x · (1 + erf)) · 0.5", .recognizeGelu, ["Gelu"]) { b in
      let x = b.input([2, 3, 8])
      return b.mul(b.mul(x, b.gate(x)), b.number(0.5))
    },
    RewriteCase("gelu (x · 0.5) · (1 + erf)", .recognizeGelu, ["Gelu"]) { b in
      let x = b.input([2, 3, 8])
      return b.mul(b.mul(x, b.number(0.5)), b.gate(x))
    },
    RewriteCase("gelu x · (0.5 · (1 + erf))", .recognizeGelu, ["Gelu"]) { b in
      let x = b.input([2, 3, 8])
      return b.mul(x, b.mul(b.number(0.5), b.gate(x)))
    },
    RewriteCase("gelu x · (1 + erf) / 2, erf of a product", .recognizeGelu, ["Gelu"]) { b in
      let x = b.input([2, 3, 8])
      let erf = b.node("Erf", b.mul(x, b.number(0.70710678)))
      return b.div(b.mul(x, b.add(b.number(1), erf)), b.number(2))
    },
    RewriteCase("gelu tanh, Pow", .recognizeGelu, ["Gelu"]) { b in
      let x = b.input([2, 3, 8])
      let cube = b.mul(b.number(0.044715), b.node("Pow", x, b.number(3)))
      let tanh = b.node("Tanh", b.mul(b.number(0.7978845608), b.add(x, cube)))
      return b.mul(b.mul(b.number(0.5), x), b.add(b.number(1), tanh))
    },
    RewriteCase("gelu tanh, x · (x · x)", .recognizeGelu, ["Gelu"]) { b in
      let x = b.input([2, 3, 8])
      let cube = b.mul(b.number(0.044715), b.mul(x, b.mul(x, x)))
      let tanh = b.node("Tanh", b.mul(b.number(0.7978845608), b.add(x, cube)))
      return b.mul(b.number(0.5), b.mul(x, b.add(b.number(1), tanh)))
    },
    RewriteCase("gelu tanh, x taken out", .recognizeGelu, ["Gelu"]) { b in
      let x = b.input([2, 3, 8])
      let square = b.mul(b.mul(b.number(0.044715), x), x)
      let inner = b.mul(b.mul(x, b.number(0.7978845608)), b.add(square, b.number(1)))
      return b.mul(b.mul(x, b.number(0.5)), b.add(b.node("Tanh", inner), b.number(1)))
    },
  ]

  private static let gates: [RewriteCase] = [
    RewriteCase("hard sigmoid", .recognizeSwish, ["HardSigmoid"]) { b in
      b.div(b.ramp(b.input([1, 4, 3, 3])), b.number(6))
    },
    RewriteCase("hard swish (x · relu6) / 6", .recognizeSwish, ["HardSwish"]) { b in
      let x = b.input([1, 4, 3, 3])
      return b.div(b.mul(x, b.ramp(x)), b.number(6))
    },
    RewriteCase("hard swish x · (relu6 · 1/6)", .recognizeSwish, ["HardSwish"]) { b in
      let x = b.input([1, 4, 3, 3])
      return b.mul(x, b.mul(b.ramp(x), b.number(1 / 6.0)))
    },
    RewriteCase("hard swish of HardSigmoid", .recognizeSwish, ["HardSwish"]) { b in
      let x = b.input([1, 4, 3, 3])
      let gate = b.node(
        "HardSigmoid", x, attributes: ["alpha": .float(1 / 6), "beta": .float(0.5)])
      return b.mul(x, gate)
    },
    RewriteCase("swish", .recognizeSwish, ["Swish"]) { b in
      let x = b.input([1, 4, 3, 3])
      return b.mul(x, b.node("Sigmoid", x))
    },
    RewriteCase("swish with a factor", .recognizeSwish, ["Swish"], hasFreeNumbers: true) { b in
      let x = b.input([1, 4, 3, 3])
      return b.mul(x, b.node("Sigmoid", b.mul(x, b.number(1.702))))
    },
    RewriteCase("mish", .recognizeSwish, ["Mish"]) { b in
      let x = b.input([1, 4, 3, 3])
      return b.mul(b.node("Tanh", b.node("Softplus", x)), x)
    },
    RewriteCase("softsign", .recognizeSwish, ["Softsign"]) { b in
      let x = b.input([1, 4, 3, 3])
      return b.div(x, b.add(b.number(1), b.node("Abs", x)))
    },
    RewriteCase("softplus with a threshold", .recognizeSwish, ["Softplus"]) { b in
      let x = b.input([1, 4, 3, 3])
      let greater = b.node("Greater", x, b.number(20))
      return b.node("Where", greater, x, b.node("Softplus", x))
    },
  ]

  private static let normalizations: [RewriteCase] = [
    RewriteCase(
      "layer normalization", .recognizeNormalization, ["LayerNormalization"], hasFreeNumbers: true
    ) { b in
      let x = b.input([2, 5, 8])
      let d = b.node("Sub", x, b.mean(x))
      let variance = b.mean(b.node("Pow", d, b.number(2)))
      return b.div(d, b.node("Sqrt", b.add(variance, b.number(1e-5))))
    },
    RewriteCase(
      "layer normalization, differences twice, times a reciprocal", .recognizeNormalization,
      ["LayerNormalization"], hasFreeNumbers: true
    ) { b in
      let x = b.input([2, 5, 8])
      let (mean, again) = (b.mean(x), b.mean(x))
      let (d, other) = (b.node("Sub", x, mean), b.node("Sub", x, again))
      return b.mul(d, b.node("Reciprocal", b.deviation(other)))
    },
    RewriteCase(
      "layer normalization with powers", .recognizeNormalization, ["LayerNormalization"],
      hasFreeNumbers: true
    ) { b in
      let x = b.input([2, 5, 8])
      let d = b.node("Sub", x, b.mean(x, axis: 2))
      let variance = b.mean(b.mul(d, d))
      return b.mul(d, b.node("Pow", b.add(variance, b.number(1e-5)), b.number(-0.5)))
    },
    RewriteCase(
      "root mean square", .recognizeNormalization, ["RMSNormalization"], hasFreeNumbers: true
    ) { b in
      let x = b.input([2, 5, 8])
      return b.mul(b.div(b.number(1), b.deviation(x)), x)
    },
    RewriteCase(
      "group normalization", .recognizeGroupNormalization, ["GroupNormalization"]
    ) { b in
      let x = b.input([2, 6, 3, 3])
      let scale = b.constant(Tensor([1, 2, 3], shape: [3]))
      let bias = b.constant(Tensor([0, -1, 0.5], shape: [3]))
      let norm = b.node(
        "InstanceNormalization", b.reshape(x, [0, 3, -1]), scale, bias,
        attributes: ["epsilon": .float(1e-5)])
      return b.reshape(norm, [2, 6, 3, 3])
    },
    RewriteCase("softmax of rows", .recognizeSoftmax, ["Softmax"]) { b in
      let x = b.input([2, 3, 5])
      let flat = b.node("Flatten", x, attributes: ["axis": .int(2)])
      return b.reshape(b.node("Softmax", flat, attributes: ["axis": .int(1)]), [2, 3, 5])
    },
  ]

  private static let shuffles: [RewriteCase] = [
    RewriteCase("pixels from channels", .recognizeDepthToSpace, ["DepthToSpace"]) { b in
      let x = b.reshape(b.input([2, 12, 3, 5]), [2, 3, 2, 2, 3, 5])
      return b.reshape(b.transpose(x, [0, 1, 4, 2, 5, 3]), [2, 3, 6, 10])
    },
    RewriteCase("pixels from channels, blocks first", .recognizeDepthToSpace, ["DepthToSpace"]) {
      b in
      let x = b.reshape(b.input([2, 12, 3, 5]), [2, 2, 2, 3, 3, 5])
      return b.reshape(b.transpose(x, [0, 3, 4, 1, 5, 2]), [2, 3, 6, 10])
    },
    RewriteCase("channels from pixels", .recognizeDepthToSpace, ["SpaceToDepth"]) { b in
      let x = b.reshape(b.input([2, 3, 6, 10]), [2, 3, 3, 2, 5, 2])
      return b.reshape(b.transpose(x, [0, 3, 5, 1, 2, 4]), [2, 12, 3, 5])
    },
  ]

  private static let attentions: [RewriteCase] = [
    RewriteCase(
      "attention", .recognizeAttention, ["Attention"], hasFreeNumbers: true
    ) { b in
      let (q, k, v) = b.heads()
      let product = b.node("MatMul", b.mul(q, b.number(0.6)), b.transpose(k, [0, 1, 3, 2]))
      let mask = b.weights(1, 1, 5, 5)
      return b.node("MatMul", b.node("Softmax", b.add(product, mask)), v)
    },
    RewriteCase(
      "attention, scaled twice", .recognizeAttention, ["Attention"], hasFreeNumbers: true
    ) { b in
      let (q, k, v) = b.heads()
      let keys = b.mul(b.transpose(k, [0, 1, 3, 2]), b.number(0.6))
      let product = b.node("MatMul", b.mul(q, b.number(0.6)), keys)
      return b.node("MatMul", b.node("Softmax", product), v)
    },
    RewriteCase(
      "attention, scaled behind the product", .recognizeAttention, ["Attention"],
      hasFreeNumbers: true
    ) { b in
      let (q, k, v) = b.heads()
      let product = b.node("MatMul", q, b.transpose(k, [0, 1, 3, 2]))
      return b.node("MatMul", b.node("Softmax", b.div(product, b.number(2))), v)
    },
    RewriteCase(
      "attention, scaled for each head", .recognizeAttention, ["Mul", "Attention"],
      hasFreeNumbers: true
    ) { b in
      let (q, k, v) = b.heads()
      let product = b.node("MatMul", q, b.transpose(k, [0, 1, 3, 2]))
      return b.node("MatMul", b.node("Softmax", b.mul(product, b.weights(2, 1, 1))), v)
    },
    RewriteCase(
      "attention of shifted windows", .recognizeAttention, ["Reshape", "Add", "Attention"],
      hasFreeNumbers: true
    ) { b in
      let (q, k, v) = b.heads(windows: 3)
      let product = b.node("MatMul", q, b.transpose(k, [0, 1, 3, 2]))
      let biased = b.reshape(b.add(product, b.weights(1, 2, 5, 5)), [1, 3, 2, 5, 5])
      let shifted = b.reshape(b.add(biased, b.weights(1, 3, 1, 5, 5)), [3, 2, 5, 5])
      return b.node("MatMul", b.node("Softmax", shifted), v)
    },
    RewriteCase(
      "attention with rows that are all masked", .recognizeAttention, ["Attention"],
      hasFreeNumbers: true
    ) { b in
      let (q, k, v) = b.heads()
      let product = b.node("MatMul", q, b.transpose(k, [0, 1, 3, 2]))
      let mask = (0..<25).map { $0 < 5 || $0 % 2 == 0 ? -Float.infinity : 0 }
      let softmax = b.node(
        "Softmax", b.add(product, b.constant(Tensor(mask, shape: [5, 5]))))
      let whole = b.node("Where", b.node("IsNaN", softmax), b.number(0), softmax)
      return b.node("MatMul", whole, v)
    },
  ]
}

extension TestSupport.GraphBuilder {
  /// Queries, keys and values of two heads.
  fileprivate mutating func heads(windows: Int = 1) -> (ValueID, ValueID, ValueID) {
    let shape: Shape = [windows, 2, 5, 4]
    return (input(shape, name: "q"), input(shape, name: "k"), input(shape, name: "v"))
  }
}
