import ModelFormat
import Operators
import Testing

/// What a hostile file may say must end in an error or in a result, never in a trap.
@Suite struct HostileOperandsTests {
  static let extremes: [Int64] = [
    .min, .min + 1, -(1 << 31), -2, -1, 0, 1, 1000, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 40,
    .max - 1,
    .max,
  ]

  /// Evaluates a node unless its outputs would be large.
  static func attempt(_ op: Operator, _ node: Node, _ inputs: [Tensor?]) {
    let facts = NodeFacts(
      node: node,
      inputs: inputs.map { tensor in
        tensor.map { ValueFacts(type: $0.type, shape: $0.shape, constant: $0) }
      })
    guard let outputs = try? op.infer(facts), outputs.allSatisfy({ $0.count < 1 << 14 }) else {
      return
    }
    _ = op.multiplyAccumulates(facts)
    _ = try? op.evaluate(node: node, inputs: inputs)
  }

  @Test(arguments: FixturesBTests.distinctCases) func extremeAttributesDoNotTrap(
    _ fixture: FixtureCase
  ) throws {
    let op = try #require(Operator.named(fixture.op))
    let inputs = try fixture.tensors()
    for (name, value) in fixture.node.attributes {
      var node = fixture.node
      func replace(_ attribute: Attribute) {
        node.attributes[name] = attribute
        Self.attempt(op, node, inputs)
      }
      switch value {
      case .int: Self.extremes.forEach { replace(.int($0)) }
      case .ints(let list):
        replace(.ints([]))
        replace(.ints(list + [1]))
        for extreme in Self.extremes {
          replace(.ints(list.map { _ in extreme }))
          for index in list.indices {
            var changed = list
            changed[index] = extreme
            replace(.ints(changed))
          }
        }
      case .string: replace(.string("no such thing"))
      case .float: [0, -1, .nan, .infinity, -.infinity, 1e38].forEach { replace(.float($0)) }
      default: break
      }
      replace(.strings([]))
    }
    for name in ["axis", "group", "block_size", "num_outputs", "batch_dims", "start", "end"] {
      var node = fixture.node
      for extreme in Self.extremes {
        node.attributes[name] = .int(extreme)
        Self.attempt(op, node, inputs)
      }
    }
  }

  @Test(arguments: FixturesBTests.distinctCases) func extremeConstantsDoNotTrap(
    _ fixture: FixtureCase
  ) throws {
    let op = try #require(Operator.named(fixture.op))
    let original = try fixture.tensors()
    for (index, tensor) in original.enumerated() {
      guard let tensor else { continue }
      var inputs = original
      func replace(_ tensor: Tensor?) {
        inputs[index] = tensor
        Self.attempt(op, fixture.node, inputs)
      }
      replace(nil)
      replace(Tensor([Float](), shape: [0]))
      replace(Tensor([Int64](), shape: [0]))
      replace(Tensor([1, 2] as [Int64], shape: [2, 1]))
      replace(Tensor([1], shape: []))
      let count = tensor.shape.count
      for shape: Shape in [
        [count], [1, 1, count], [count, 1, 1, 1], [1, 1, 1, 1, count],
        Shape([1] + tensor.shape.dimensions), Shape(tensor.shape.dimensions.reversed()),
      ] { replace(Tensor(type: tensor.type, shape: shape, bytes: tensor.dense)) }
      replace(Tensor(type: tensor.type, shape: [0, 3, 1 << 20, 1 << 19], bytes: Bytes([])))
      replace(Tensor(type: tensor.type, shape: [2, 0, 1 << 32, 1 << 32], bytes: Bytes([])))
      switch tensor.type {
      case .int64, .int32:
        let list = tensor.integers() ?? []
        for extreme in Self.extremes {
          for position in list.indices.prefix(8) {
            var changed = list
            changed[position] = extreme
            replace(
              tensor.type == .int64
                ? Tensor(changed, shape: tensor.shape)
                : Tensor(
                  type: .int32, shape: tensor.shape,
                  bytes: Bytes(elements: changed.map { Int32(truncatingIfNeeded: $0) })))
          }
        }
      case .float32:
        for extreme: Float in [.nan, .infinity, -.infinity, -1, 0, 1e38, 1e-30] {
          replace(
            Tensor([Float](repeating: extreme, count: tensor.shape.count), shape: tensor.shape))
        }
      default: break
      }
    }
  }

  static let refused: [(String, Node, [Tensor?])] = {
    let image = Tensor([Float](repeating: 1, count: 16), shape: [1, 1, 4, 4])
    let matrix = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
    let byte = Tensor.bytes([1], [])
    let pool: Attribute = .ints([2, 2])
    return [
      ("count", node("Reshape", inputs: 2), [matrix, Tensor([4, 2] as [Int64])]),
      ("two -1", node("Reshape", inputs: 2), [matrix, Tensor([-1, -1] as [Int64])]),
      ("axis", node("Flatten", inputs: 1, ["axis": .int(3)]), [matrix]),
      ("perm", node("Transpose", inputs: 1, ["perm": .ints([0, 0])]), [matrix]),
      ("no 1", node("Squeeze", inputs: 2), [matrix, Tensor([0] as [Int64])]),
      ("twice", node("Unsqueeze", inputs: 2), [matrix, Tensor([0, 0] as [Int64])]),
      ("no axis", node("Concat", inputs: 1), [matrix]),
      ("shapes", node("Concat", inputs: 2, ["axis": .int(0)]), [matrix, image]),
      ("types", node("Concat", inputs: 2, ["axis": .int(0)]), [matrix, byte]),
      ("sum", node("Split", inputs: 2, outputs: 2), [matrix, Tensor([1, 2] as [Int64])]),
      (
        "step 0", node("Slice", inputs: 5),
        [matrix] + [[0], [1], [0], [0]].map { Tensor($0 as [Int64]) }
      ),
      ("index type", node("Gather", inputs: 2), [matrix, matrix]),
      ("rank", node("GatherElements", inputs: 2), [matrix, Tensor([0] as [Int64])]),
      ("updates", node("ScatterND", inputs: 3), [matrix, Tensor([0] as [Int64]), matrix]),
      ("broadcast", node("Expand", inputs: 2), [matrix, Tensor([4] as [Int64])]),
      ("repeats", node("Tile", inputs: 2), [matrix, Tensor([1] as [Int64])]),
      ("pads", node("Pad", inputs: 2), [matrix, Tensor([1] as [Int64])]),
      (
        "mode", node("Pad", inputs: 2, ["mode": .string("mirror")]),
        [matrix, Tensor([0, 0, 1, 1] as [Int64])]
      ),
      ("k", node("TopK", inputs: 2, outputs: 2), [matrix, Tensor([4] as [Int64])]),
      ("rank", node("Trilu", inputs: 1), [Tensor([1], shape: [1])]),
      ("endless", node("Range", inputs: 3), [0, 1, 0].map { Tensor([$0], shape: []) }),
      ("blocks", node("DepthToSpace", inputs: 1, ["blocksize": .int(2)]), [image]),
      ("kernel", node("MaxPool", inputs: 1), [image]),
      ("too large", node("MaxPool", inputs: 1, ["kernel_shape": .ints([5, 5])]), [image]),
      ("rank", node("MaxPool", inputs: 1, ["kernel_shape": pool]), [matrix]),
      (
        "order",
        node(
          "MaxPool", inputs: 1, outputs: 2, ["kernel_shape": pool, "storage_order": .int(2)]),
        [image]
      ),
      (
        "stride",
        node("AveragePool", inputs: 1, ["kernel_shape": pool, "strides": .ints([0, 1])]),
        [image]
      ),
      ("no scales", node("Resize", inputs: 1), [image]),
      ("directions", node("RNN", inputs: 3, ["direction": .string("up")]), [image, image, image]),
      ("letters", node("Einsum", inputs: 1, ["equation": .string("i1->i")]), [matrix]),
      ("terms", node("Einsum", inputs: 1, ["equation": .string("ij,jk")]), [matrix]),
      ("output", node("Einsum", inputs: 1, ["equation": .string("ij->ik")]), [matrix]),
      ("heads", node("Attention", inputs: 3), [matrix, matrix, matrix]),
      ("axis", node("Compress", inputs: 2, ["axis": .int(2)]), [matrix, byte]),
      ("grid", node("GridSample", inputs: 2), [image, image]),
      ("scale type", node("QuantizeLinear", inputs: 2), [matrix, byte]),
      ("input type", node("DequantizeLinear", inputs: 2), [matrix, Tensor([1], shape: [])]),
      (
        "inner", node("MatMulInteger", inputs: 2),
        [Tensor.bytes([1, 2], [1, 2]), Tensor.bytes([1, 2, 3], [3, 1])]
      ),
      (
        "channels", node("ConvTranspose", inputs: 2),
        [image, Tensor([1, 2], shape: [2, 1, 1, 1])]
      ),
    ]
  }()

  @Test(arguments: refused.indices) func refusesWrongOperands(_ index: Int) throws {
    let (_, node, inputs) = Self.refused[index]
    let op = try #require(Operator.named(node.op))
    #expect(throws: OperatorError.self) { try op.evaluate(node: node, inputs: inputs) }
  }

  @Test func shapesFromDataAreRefused() throws {
    let op = try #require(Operator.named("Reshape"))
    let facts = NodeFacts(
      node: node("Reshape", inputs: 2),
      inputs: [
        ValueFacts(type: .float32, shape: [4]), ValueFacts(type: .int64, shape: [1]),
      ])
    #expect(throws: OperatorError.needsConstant(operand: "shape")) { try op.infer(facts) }
  }

  @Test func indicesOutsideAreClampedWhenGatheredAndIgnoredWhenScattered() throws {
    let data = Tensor([10, 11, 12], shape: [3])
    let gather = try #require(Operator.named("Gather"))
    let far = Tensor([.min, -4, 3, .max] as [Int64])
    #expect(
      try gather.evaluate(node: node("Gather", inputs: 2), inputs: [data, far])[0].floats()
        == [10, 10, 12, 12])
    let scatter = try #require(Operator.named("ScatterElements"))
    let updates = Tensor([1, 2, 3], shape: [3])
    let indices = Tensor([.min, 1, .max] as [Int64])
    #expect(
      try scatter.evaluate(
        node: node("ScatterElements", inputs: 3), inputs: [data, indices, updates])[0].floats()
        == [10, 2, 12])
  }
}
