import ModelFormat
import TestSupport
import Testing

@testable import Train

/// Normalizations and transposed convolutions, against differences.
@Suite struct NormalizationDerivativeTests {
  @Test func layers() throws {
    for (axis, shape) in [(-1, [7]), (2, [5, 7]), (1, [3, 5, 7]), (-1, [1])] {
      for hasBias in [true, false] {
        var builder = GraphBuilder()
        let x = builder.input([2, 3, 5, 7])
        let scale = builder.constant(
          Tensor((0..<shape.reduce(1, *)).map { 0.5 + 0.1 * Float($0 % 9) }, shape: Shape(shape)))
        let bias = builder.constant(
          Tensor([Float](repeating: 0.3, count: shape.reduce(1, *)), shape: Shape(shape)))
        let y = builder.nodes(
          "LayerNormalization", [x, scale] + (hasBias ? [bias] : []),
          ["axis": .int(Int64(axis)), "epsilon": .float(1e-3)], outputs: 1)[0]
        try GradientCheck(
          graph: builder.finish(builder.node("Mul", y, y)),
          parameters: hasBias ? [scale, bias] : [scale], threads: 2, tolerance: 2e-2
        ).run()
      }
    }
  }

  @Test func rootsOfMeanSquares() throws {
    for (axis, shape) in [(-1, [7]), (2, [5, 7]), (-1, [1])] {
      var builder = GraphBuilder()
      let x = builder.input([2, 3, 5, 7])
      let scale = builder.constant(
        Tensor((0..<shape.reduce(1, *)).map { 0.5 + 0.1 * Float($0 % 9) }, shape: Shape(shape)))
      let y = builder.node("RMSNormalization", x, scale, attributes: ["axis": .int(Int64(axis))])
      try GradientCheck(
        graph: builder.finish(builder.node("Mul", y, y)), parameters: [scale], tolerance: 2e-2
      ).run()
    }
  }

  @Test(arguments: ["GroupNormalization", "InstanceNormalization"])
  func groups(op: String) throws {
    var builder = GraphBuilder()
    let x = builder.input([3, 6, 4, 5])
    let (scale, bias) = (builder.weights(6), builder.weights(6))
    let y = builder.node(
      op, x, scale, bias, attributes: op.hasPrefix("G") ? ["num_groups": .int(3)] : [:])
    try GradientCheck(
      graph: builder.finish(builder.node("Mul", y, y)), batch: 3, parameters: [scale, bias],
      threads: 2, tolerance: 2e-2
    ).run()
  }

  @Test func transposedConvolutions() throws {
    let forms: [[String: Attribute]] = [
      [:], ["strides": .ints([2, 2])], ["strides": .ints([2, 3]), "pads": .ints([1, 0, 1, 2])],
      ["dilations": .ints([2, 1]), "group": .int(2)],
      ["strides": .ints([2, 2]), "output_padding": .ints([1, 1]), "group": .int(2)],
    ]
    for form in forms {
      var groups = 1
      if case .int(let count)? = form["group"] { groups = Int(count) }
      var builder = GraphBuilder()
      let x = builder.input([2, 4, 5, 6])
      let (weights, bias) = (builder.weights(4, 3, 3, 2), builder.weights(3 * groups))
      let y = builder.nodes("ConvTranspose", [x, weights, bias], form, outputs: 1)[0]
      try GradientCheck(graph: builder.finish(y), parameters: [weights, bias], threads: 2).run()
    }
    var builder = GraphBuilder()
    let x = builder.input([2, 4, 6])
    let weights = builder.weights(4, 3, 3)
    let y = builder.node("ConvTranspose", x, weights, attributes: ["strides": .ints([2])])
    try GradientCheck(graph: builder.finish(y), parameters: [weights]).run()
  }
}
