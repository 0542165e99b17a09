import ModelFormat
import TestSupport
import Testing

@testable import Train

/// Operators that move elements, reduce and resize them, against differences.
@Suite struct MovingDerivativeTests {
  /// Checks a node that reads `x · w`, row-major or behind a convolution and so channels last.
  private func check(
    _ op: String, _ attributes: [String: Attribute] = [:], shape: [Int] = [1, 4, 6, 6],
    outputs: Int = 1, tolerance: Double = 1e-2, step: Float = 1e-2,
    layouts: [Bool] = [false, true],
    _ location: SourceLocation = #_sourceLocation,
    _ operands: (inout GraphBuilder) -> [ValueID?] = { _ in [] }
  ) throws {
    for isChannelsLast in layouts where shape.count == 4 || !isChannelsLast {
      var builder = GraphBuilder()
      let x = builder.input(Shape(shape))
      let weights = builder.constant(
        Tensor(
          (0..<shape[1]).map { 0.5 + Float($0) },
          shape: Shape([shape[1]] + [Int](repeating: 1, count: shape.count - 2))))
      var value = builder.node("Mul", x, weights)
      if isChannelsLast {
        // A pooling of one pixel gives channels last, and what is added to it takes that over.
        value = builder.node("Add", value, builder.node("MaxPool", x, attributes: Self.window))
      }
      let made = builder.nodes(op, [value] + operands(&builder), attributes, outputs: outputs)
      var ends = made
      if isChannelsLast, made.count == 1 {
        // The squares of each element, so that gradients differ from place to place.
        ends = made.map { builder.node("Mul", $0, $0) }
      }
      var graph = builder.graph
      graph.outputs = ends
      let check = GradientCheck(
        graph: graph, batch: shape[0], parameters: [weights],
        checksInputs: !isChannelsLast, threads: 2, step: step, tolerance: tolerance)
      try check.run(location)
    }
  }

  private static let window: [String: Attribute] = ["kernel_shape": .ints([1, 1])]

  @Test func transposes() throws {
    for order in [[0, 2, 3, 1], [0, 1, 3, 2], [3, 1, 0, 2], [1, 0, 2, 3]] {
      try check("Transpose", ["perm": .ints(order.map { Int64($0) })])
    }
  }

  @Test func depthAndSpace() throws {
    for mode in ["DCR", "CRD"] {
      try check("DepthToSpace", ["blocksize": .int(2), "mode": .string(mode)])
    }
    try check("SpaceToDepth", ["blocksize": .int(2)])
  }

  @Test func slices() throws {
    try check("Slice") { builder in
      [[1, 5, 0], [4, 0, 99], [1, 2, 3], [2, -2, 1]].map { (list: [Int64]) in
        builder.constant(Tensor(list))
      }
    }
  }

  @Test func pads() throws {
    for mode in ["constant", "reflect", "edge", "wrap"] {
      try check("Pad", ["mode": .string(mode)]) { builder in
        [
          builder.constant(Tensor([0, 1, 2, -1, 0, 0, 3, 2] as [Int64])),
          builder.constant(Tensor([1.5], shape: [])),
        ]
      }
    }
  }

  @Test func splits() throws {
    try check("Split", ["axis": .int(1)], outputs: 3) { builder in
      [builder.constant(Tensor([1, 2, 1] as [Int64]))]
    }
    try check("Split", ["axis": .int(2)], outputs: 2) { builder in
      [builder.constant(Tensor([2, 4] as [Int64]))]
    }
  }

  @Test func repeats() throws {
    try check("Expand", shape: [2, 4, 1, 3]) { builder in
      [builder.constant(Tensor([2, 1, 5, 3] as [Int64]))]
    }
    try check("Tile") { builder in
      [builder.constant(Tensor([1, 2, 1, 3] as [Int64]))]
    }
    try check("Gather", ["axis": .int(1)]) { builder in
      [builder.constant(Tensor([3, 0, -1, 3] as [Int64]))]
    }
    try check("GatherElements", ["axis": .int(1)], shape: [2, 4]) { builder in
      [
        builder.constant(
          Tensor(
            type: .int64, shape: [2, 3], bytes: Bytes(elements: [3, 0, 3, 1, 1, 2] as [Int64])))
      ]
    }
    try check("GatherND", shape: [3, 4, 2]) { builder in
      [
        builder.constant(
          Tensor(type: .int64, shape: [2, 2], bytes: Bytes(elements: [0, 1, 2, 3] as [Int64])))
      ]
    }
    try check("Trilu", shape: [2, 4, 4])
  }

  @Test func concatenations() throws {
    for axis in 1...3 {
      for isChannelsLast in [false, true] {
        var builder = GraphBuilder()
        let x = builder.input([1, 4, 4, 4])
        let weights = builder.weights(4, 1, 1)
        let other = builder.weights(1, 4, 4, 4)
        var value = builder.node("Mul", x, weights)
        if isChannelsLast {
          // A pooling of one pixel gives channels last, and what is added to it takes that over.
          value = builder.node("Add", value, builder.node("MaxPool", x, attributes: Self.window))
        }
        let whole = builder.node("Add", value, other)
        let y = builder.node(
          "Concat", whole, value, whole, attributes: ["axis": .int(Int64(axis))])
        try GradientCheck(
          graph: builder.finish(builder.node("Mul", y, y)), parameters: [weights],
          checksInputs: !isChannelsLast, tolerance: 2e-2
        ).run()
      }
    }
  }

  @Test func reductions() throws {
    for op in [
      "ReduceSum", "ReduceMean", "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSumExp",
    ] {
      for axes in [[1], [2, 3], [-1], [1, 2, 3], [2]] as [[Int64]] {
        for keeps in [0, 1] as [Int64] {
          try check(
            op, ["keepdims": .int(keeps)], shape: [2, 4, 3, 5], tolerance: 2e-2,
            step: op == "ReduceL1" ? 1e-4 : 1e-2
          ) {
            [$0.constant(Tensor(axes))]
          }
        }
      }
    }
  }

  @Test func resizes() throws {
    let modes: [[String: Attribute]] = [
      ["mode": .string("nearest"), "coordinate_transformation_mode": .string("asymmetric")],
      ["mode": .string("nearest"), "extrapolation_value": .float(3)],
      ["mode": .string("linear")],
      ["mode": .string("linear"), "coordinate_transformation_mode": .string("align_corners")],
      ["mode": .string("linear"), "antialias": .int(1)],
      ["mode": .string("cubic"), "exclude_outside": .int(1)],
    ]
    for attributes in modes {
      for size in [[12, 12], [9, 4], [3, 6], [6, 13]] as [[Int64]] {
        try check("Resize", attributes, tolerance: 2e-2) { builder in
          [nil, nil, builder.constant(Tensor([1, 4] + size))]
        }
      }
    }
  }
}
