import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// What moves, merges and vanishes without changing what is computed.
@Suite struct TidyingTests {
  /// Requires that `passes` make `expected` of what `build` gives, and that it computes the same.
  @discardableResult
  private func expect(
    _ passes: [GraphPass], _ expected: [String], tolerance: Double = 1e-5,
    _ build: (inout TestSupport.GraphBuilder) -> [ValueID]
  ) throws -> Graph {
    var builder = TestSupport.GraphBuilder()
    let outputs = build(&builder)
    var before = builder.finish()
    before.outputs = outputs
    _ = try GraphPass.foldConstants.apply(&before)
    let after = try before.applying(passes + [.removeDeadNodes])
    #expect(after.operators == expected)
    #expect(after.outputs.map { after[$0].name } == before.outputs.map { before[$0].name })
    let computed = try before.outputs(seed: 3)
    for (index, found) in try after.outputs(seed: 3).enumerated() {
      #expect(error(found, computed[index]) < tolerance, "output \(index)")
    }
    return after
  }

  // MARK: No-ops, shared results, shapes

  @Test func whatChangesNothingVanishes() throws {
    try expect([.removeNoOps], ["Neg"]) { b in
      var x = b.reshape(b.input([2, 3, 4, 4]), [2, 3, 4, 4])
      x = b.transpose(x, [0, 1, 2, 3])
      x = b.node("Cast", x, attributes: ["to": .int(1)])
      x = b.node("Concat", x, attributes: ["axis": .int(0)])
      x = b.node("Pad", x, b.constant(Tensor([Int64](repeating: 0, count: 8))))
      x = b.node(
        "AveragePool", x, attributes: ["kernel_shape": .ints([1, 1]), "strides": .ints([1, 1])])
      let (start, end) = (b.constant(Tensor([Int64(0)])), b.constant(Tensor([Int64(9)])))
      x = b.node("Slice", x, start, end, b.constant(Tensor([Int64(1)])))
      x = b.mul(b.number(1), b.div(x, b.number(1)))
      return [b.node("Neg", x)]
    }
  }

  @Test func whatChangesSomethingStays() throws {
    let kept = ["Reshape", "Transpose", "Slice", "Pad", "Add", "Mul", "MaxPool"]
    try expect([.removeNoOps], kept) { b in
      var x = b.reshape(b.input([1, 4, 4, 4]), [4, 1, 4, 4])
      x = b.transpose(x, [0, 1, 3, 2])
      let (from, to) = (b.constant(Tensor([Int64(-1)])), b.constant(Tensor([Int64(-9)])))
      let (axis, step) = (b.constant(Tensor([Int64(0)])), b.constant(Tensor([Int64(-1)])))
      x = b.node("Slice", x, from, to, axis, step)
      x = b.node("Pad", x, b.constant(Tensor([0, 0, 1, 0, 0, 0, -1, 0] as [Int64])))
      // Makes 0 of -0.
      x = b.add(x, b.number(0))
      x = b.mul(x, b.constant(Tensor([1, 1, 1, 2], shape: [4])))
      return [
        b.node(
          "MaxPool", x, attributes: ["kernel_shape": .ints([2, 2]), "pads": .ints([0, 0, 1, 1])])
      ]
    }
  }

  @Test func outputsKeepTheirNamesWhereNoOpsVanish() throws {
    try expect([.removeNoOps], ["Relu"]) { b in
      let x = b.input([2, 3])
      return [b.reshape(b.node("Relu", x), [2, 3])]
    }
    // An input cannot be renamed.
    try expect([.removeNoOps], ["Reshape"]) { b in [b.reshape(b.input([2, 3]), [2, 3])] }
  }

  @Test func equalNodesBecomeOne() throws {
    try expect([.shareResults], ["Exp", "Neg", "Neg", "Add", "Sub"]) { b in
      let x = b.input([2, 3])
      let (a, c) = (b.node("Exp", x), b.node("Exp", x))
      let (first, second) = (b.node("Neg", a), b.node("Neg", c))
      // `second` is an output and keeps its node; the sum reads the first of both.
      return [b.node("Sub", b.add(first, a), c), second]
    }
  }

  @Test func nodesThatDifferInAnAttributeStay() throws {
    try expect([.shareResults], ["LeakyRelu", "LeakyRelu", "Add"]) { b in
      let x = b.input([2, 3])
      let a = b.node("LeakyRelu", x, attributes: ["alpha": .float(0.1)])
      return [b.add(a, b.node("LeakyRelu", x, attributes: ["alpha": .float(0.2)]))]
    }
  }

  @Test func reshapesInARowBecomeOne() throws {
    try expect([.mergeReshapes], ["Reshape", "Neg"]) { b in
      let x = b.reshape(b.input([2, 3, 4]), [6, 4])
      let flat = b.node("Flatten", b.node("Unsqueeze", x, b.constant(Tensor([Int64(0)]))))
      return [b.node("Neg", flat)]
    }
    try expect([.mergeReshapes], ["Neg"]) { b in
      [b.node("Neg", b.reshape(b.reshape(b.input([2, 3]), [6]), [2, 3]))]
    }
    try expect([.mergeReshapes], ["Reshape", "Neg", "Reshape", "Neg"]) { b in
      let first = b.reshape(b.input([2, 3]), [6])
      return [b.node("Neg", first), b.node("Neg", b.reshape(first, [3, 2]))]
    }
  }

  @Test func expansionsBeforeBroadcastsVanish() throws {
    try expect([.removeExpansions], ["Div"]) { b in
      let (x, n) = (b.input([2, 3, 4]), b.input([2, 1, 4], name: "n"))
      return [b.div(x, b.node("Expand", n, b.constant(Tensor([2, 3, 4] as [Int64]))))]
    }
    // Here the expansion gives the result its shape.
    try expect([.removeExpansions], ["Expand", "Div"]) { b in
      let (x, n) = (b.input([2, 1, 4]), b.input([2, 1, 4], name: "n"))
      return [b.div(x, b.node("Expand", n, b.constant(Tensor([2, 3, 4] as [Int64]))))]
    }
  }

  // MARK: Slices

  private func slice(
    _ b: inout TestSupport.GraphBuilder, _ x: ValueID, _ from: Int64, _ to: Int64, axis: Int64 = 1
  ) -> ValueID {
    b.node(
      "Slice", x, b.constant(Tensor([from])), b.constant(Tensor([to])), b.constant(Tensor([axis])))
  }

  @Test func slicesThatTakeAllApartBecomeASplit() throws {
    let after = try expect([.mergeSlices], ["Split", "Sub", "Add"]) { b in
      let x = b.input([2, 6, 3])
      let (last, first) = (slice(&b, x, -2, 1 << 40), slice(&b, x, 0, 2, axis: -2))
      let middle = slice(&b, x, 2, -2)
      return [b.add(b.node("Sub", last, first), middle)]
    }
    #expect(after.integers(after.nodes[0].inputs[1]) == [2, 2, 2])
  }

  @Test func entriesTakenOneByOneBecomeASplit() throws {
    try expect([.mergeSlices], ["Split", "Squeeze", "Squeeze", "Sub"]) { b in
      let x = b.input([2, 2, 3])
      let second = b.node(
        "Gather", x, b.constant(Tensor([Int64(-1)], shape: [])), attributes: ["axis": .int(1)])
      let first = b.node(
        "Gather", x, b.constant(Tensor([Int64(0)], shape: [])), attributes: ["axis": .int(1)])
      return [b.node("Sub", first, second)]
    }
  }

  @Test func slicesThatOverlapOrLeaveSomethingOutStay() throws {
    for ranges in [[(0, 3), (2, 6)], [(0, 2), (3, 6)], [(0, 2), (2, 5)]] as [[(Int64, Int64)]] {
      try expect([.mergeSlices], ["Slice", "Slice", "Concat"]) { b in
        let x = b.input([2, 6, 3])
        let pieces = ranges.map { slice(&b, x, $0.0, $0.1) }
        return [b.node("Concat", pieces[0], pieces[1], attributes: ["axis": .int(1)])]
      }
    }
  }

  // MARK: Transpositions

  @Test func transpositionsMeetAndCancel() throws {
    try expect([.mergeTransposes], ["Relu", "Mul", "Neg"]) { b in
      let x = b.transpose(b.input([1, 3, 4, 5]), [0, 2, 3, 1])
      let y = b.mul(b.node("Relu", x), b.weights(3))
      return [b.node("Neg", b.transpose(y, [0, 3, 1, 2]))]
    }
  }

  @Test func transpositionsMoveBehindWhatHasAxes() throws {
    let expected = ["Concat", "Softmax", "Pad", "Slice", "Split", "Transpose", "Transpose"]
    try expect([.mergeTransposes], expected) { b in
      let x = b.transpose(b.input([2, 3, 4, 5]), [0, 2, 3, 1])
      let y = b.transpose(b.input([2, 3, 4, 5], name: "y"), [0, 2, 3, 1])
      let both = b.node("Concat", x, y, attributes: ["axis": .int(2)])
      let softmax = b.node("Softmax", both, attributes: ["axis": .int(-1)])
      let padded = b.node("Pad", softmax, b.constant(Tensor([0, 1, 0, 0, 0, 0, 2, 1] as [Int64])))
      let cut = slice(&b, padded, 1, 4)
      return b.nodes("Split", [cut], ["axis": .int(3)], outputs: 2)
    }
  }

  @Test func meansMoveBeforeTranspositions() throws {
    try expect([.mergeTransposes], ["ReduceMean"]) { b in
      let x = b.transpose(b.input([2, 3, 4, 5]), [0, 2, 3, 1])
      return [
        b.node(
          "ReduceMean", x, b.constant(Tensor([1, 2] as [Int64])), attributes: ["keepdims": .int(0)])
      ]
    }
    try expect([.mergeTransposes], ["ReduceMean", "Transpose"]) { b in
      let x = b.transpose(b.input([2, 3, 4, 5]), [0, 2, 3, 1])
      return [b.mean(x, axis: 1)]
    }
  }

  @Test func additionsOfDifferentOrdersStay() throws {
    try expect([.mergeTransposes], ["Transpose", "Transpose", "Add"]) { b in
      let x = b.transpose(b.input([2, 4, 4]), [0, 2, 1])
      return [b.add(x, b.transpose(b.input([4, 4, 2], name: "y"), [2, 0, 1]))]
    }
  }

  @Test func transpositionsThatOthersReadStay() throws {
    try expect([.mergeTransposes], ["Transpose", "Relu", "Neg"]) { b in
      let x = b.transpose(b.input([2, 3, 4]), [0, 2, 1])
      return [b.node("Relu", x), b.node("Neg", x)]
    }
    try expect([.mergeTransposes], ["Transpose", "Relu"]) { b in
      let x = b.transpose(b.input([2, 3, 4]), [0, 2, 1])
      return [x, b.node("Relu", x)]
    }
  }

  @Test func transpositionsOfExtentsOfOneAreReshapes() throws {
    try expect([.mergeTransposes], ["Reshape", "Neg"]) { b in
      [b.node("Neg", b.transpose(b.input([1, 5, 4]), [1, 0, 2]))]
    }
  }

  @Test func networksThatAreChannelsLastKeepOneTransposeAtEachEnd() throws {
    let expected = ["Transpose", "Conv", "Relu", "Conv", "Add", "Transpose"]
    try expect([.mergeTransposes], expected, tolerance: 1e-4) { b in
      func conv(_ x: ValueID) -> ValueID {
        b.transpose(b.conv(b.transpose(x, [0, 3, 1, 2]), 4, from: 4), [0, 2, 3, 1])
      }
      let x = conv(b.input([1, 6, 5, 4]))
      return [b.add(conv(b.node("Relu", x)), x)]
    }
  }

  @Test func attentionReadsHeadsInPlace() throws {
    for batch in [1, 2] {
      let expected = ["Reshape", "Attention", "Reshape"]
      try expect([.mergeHeads, .shareConstants, .shareResults, .mergeReshapes], expected) { b in
        let x = b.transpose(b.input([batch, 5, 2, 4]), [0, 2, 1, 3])
        let y = b.node("Attention", x, x, x)
        return [b.reshape(b.transpose(y, [0, 2, 1, 3]), [batch * 5, 8])]
      }
    }
    try expect([.mergeHeads], ["Transpose", "Attention", "Neg", "Transpose"]) { b in
      let x = b.transpose(b.input([1, 5, 2, 4]), [0, 2, 1, 3])
      return [b.transpose(b.node("Neg", b.node("Attention", x, x, x)), [0, 2, 1, 3])]
    }
  }
}
