import ModelFormat

/// Facts about outputs, checked against the limits of the format.
extension NodeFacts {
  /// Facts for an output of `type` with extents `dimensions`, once they are within the limits.
  func result(
    _ type: ElementType, _ dimensions: [Int], layout: Layout = .rowMajor,
    quantization: Quantization? = nil
  ) throws(OperatorError) -> ValueFacts {
    guard dimensions.count <= Limits.rank else {
      throw .unsupported(
        "makes \(dimensions.count) dimensions; at most \(Limits.rank) are supported")
    }
    let shape = Shape(dimensions)
    guard shape.checkedCount != nil, dimensions.allSatisfy({ $0 <= Limits.extent }) else {
      throw .shapeMismatch("makes an output that is too large (\(shape))")
    }
    return ValueFacts(
      type: type, shape: shape, layout: dimensions.count == 4 ? layout : .rowMajor,
      quantization: quantization)
  }

  /// Facts for an output that holds elements of `input`, with extents `dimensions`.
  func moved(_ input: ValueFacts, _ dimensions: [Int]) throws(OperatorError) -> ValueFacts {
    let quantization = input.quantization?.axis == nil ? input.quantization : nil
    return try result(input.type, dimensions, layout: input.layout, quantization: quantization)
  }

  /// The facts of output `index`, which are known once shapes have been inferred.
  package func output(_ index: Int = 0) throws(OperatorError) -> ValueFacts {
    guard index < outputs.count else {
      throw .operandCount(found: outputs.count, allowed: (index + 1)...(index + 1), outputs: true)
    }
    return outputs[index]
  }

  /// Whether the node names output `index`, so that it has to be written.
  func wantsOutput(_ index: Int) -> Bool {
    index < node.outputs.count && node.outputs[index] != nil && index < outputs.count
  }

  /// The one integer of a constant input, or nil where the input is left out.
  func constantInteger(_ index: Int, _ operand: String) throws(OperatorError) -> Int? {
    guard let integers = try constantIntegers(index, operand) else { return nil }
    guard integers.count == 1 else {
      throw .shapeMismatch("\(operand) has \(integers.count) elements, but must have one")
    }
    return integers[0]
  }

  /// `list` as distinct axes counted from the front, for a tensor of `rank` dimensions.
  package func axes(_ list: [Int], rank: Int) throws(OperatorError) -> [Int] {
    var axes: [Int] = []
    for entry in list {
      let index = try axis(entry, rank: rank)
      guard !axes.contains(index) else {
        throw .attribute(name: "axes", problem: "names dimension \(index) twice")
      }
      axes.append(index)
    }
    return axes
  }
}

extension ValueFacts {
  /// Elements between neighbours along each dimension of `shape`, in the value's layout.
  package var strides: [Int] {
    let physical = physicalShape.strides
    return shape.dimensions.indices.map { physical[physicalAxis($0)] }
  }

  /// Elements before, along and behind dimension `axis` of `shape` in memory order; an empty tensor
  /// has none before and behind, however large its other extents are.
  package func split(at axis: Int) -> (outer: Int, extent: Int, inner: Int) {
    let physical = physicalShape.dimensions
    let position = physicalAxis(axis)
    if physical.contains(0) { return (0, physical[position], 0) }
    return (
      physical[..<position].reduce(1, &*), physical[position],
      physical[(position + 1)...].reduce(1, &*)
    )
  }
}
