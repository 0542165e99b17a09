import Convert
import Interpreter
import Kernels
import ModelFormat

/// Times one operator that is no product, planned as in a network.
struct OperatorMeasurement {
  let name: String
  private let graph: Graph
  private let op: String

  /// One node with activations of `types` and constants behind them.
  private init(
    _ op: String, _ type: ElementType, _ shape: Shape, operands: Int = 1, to output: Shape? = nil,
    result: ElementType? = nil, constants: [Tensor] = [], _ attributes: [String: Attribute] = [:]
  ) {
    self.op = op
    name = "\(op) \(type.name) \(shape)"
    var graph = Graph(name: op)
    func value(_ name: String, _ type: ElementType, _ shape: Shape, _ scale: Float) -> Value {
      Value(
        name: name, type: type, shape: shape,
        quantization: type == .uint8 ? Quantization(scale: scale, zeroPoint: 7) : nil)
    }
    var inputs: [ValueID?] = []
    for index in 0..<operands {
      let id = graph.add(value("x\(index)", type, shape, 0.02))
      graph.inputs.append(id)
      inputs.append(id)
    }
    for (index, tensor) in constants.enumerated() {
      inputs.append(graph.addConstant("c\(index)", tensor))
    }
    let y = graph.add(value("y", result ?? type, output ?? shape, 0.03))
    graph.nodes = [Node(name: op, op: op, inputs: inputs, outputs: [y], attributes: attributes)]
    graph.outputs = [y]
    self.graph = graph
  }

  /// The planned step, and the best of its times.
  func time(threads: Int) throws -> (step: StepInfo, seconds: Double) {
    let interpreter = try Interpreter(graph, threads: threads)
    guard let index = interpreter.steps.firstIndex(where: { $0.op == op }) else {
      throw Failure(outcome: .unsupported, message: "\(name): no step computes it")
    }
    RandomSamples(seed: 0).load(0, into: interpreter)
    var best = Double.infinity
    for _ in 0..<30 {
      var last = ProcessCosts.now
      try interpreter.run { step in
        let now = ProcessCosts.now
        if step == index { best = min(best, now - last) }
        last = ProcessCosts.now
      }
    }
    return (interpreter.steps[index], best)
  }

  /// Operators of each kernel that is no product, on small and large activations.
  static let all: [OperatorMeasurement] =
    [ElementType.float32, .uint8].flatMap { type in
      let window: [String: Attribute] = ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2])]
      let padded = window.merging(["pads": .ints([1, 1, 1, 1])]) { $1 }
      return [
        OperatorMeasurement("Add", type, [1, 24, 56, 56], operands: 2),
        OperatorMeasurement("Add", type, [1, 256, 56, 56], operands: 2),
        OperatorMeasurement("Mul", type, [1, 96, 28, 28], operands: 2),
        OperatorMeasurement("Sigmoid", type, [1, 96, 28, 28]),
        OperatorMeasurement("HardSwish", type, [1, 96, 56, 56]),
        OperatorMeasurement("Relu", type, [1, 64, 112, 112]),
        OperatorMeasurement("MaxPool", type, [1, 64, 112, 112], to: [1, 64, 56, 56], padded),
        OperatorMeasurement("AveragePool", type, [1, 64, 56, 56], to: [1, 64, 27, 27], window),
        OperatorMeasurement("GlobalAveragePool", type, [1, 1280, 7, 7], to: [1, 1280, 1, 1]),
        OperatorMeasurement(
          "Concat", type, [1, 64, 55, 55], operands: 2, to: [1, 128, 55, 55], ["axis": .int(1)]),
      ]
    } + [
      OperatorMeasurement("Softmax", .float32, [1, 1000]),
      OperatorMeasurement("Softmax", .float32, [12, 197, 197]),
      OperatorMeasurement(
        "LayerNormalization", .float32, [1, 196, 384],
        constants: [Tensor([Float](repeating: 1, count: 384), shape: [384])]),
      OperatorMeasurement("Gelu", .float32, [1, 196, 1536]),
    ]
}
