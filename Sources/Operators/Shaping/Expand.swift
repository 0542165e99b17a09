import ModelFormat

extension Operator {
  /// Expand: repeats dimensions of one by ONNX's two-sided broadcasting.
  ///
  /// Inputs: data, shape (constant integers).
  static let expand = Operator(
    "Expand", since: 13, inputs: 2...2, quantization: .passthrough, infer: inferExpand,
    prepare: prepareExpand)
}

private func inferExpand(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  _ = try facts.input(1)
  let target = try facts.constantIntegers(1, "shape") ?? []
  let rank = max(target.count, data.shape.rank)
  let a = [Int](repeating: 1, count: rank - data.shape.rank) + data.shape.dimensions
  let b = [Int](repeating: 1, count: rank - target.count) + target
  for axis in 0..<rank where b[axis] < 0 || (a[axis] != b[axis] && a[axis] != 1 && b[axis] != 1) {
    throw .shapeMismatch("\(data.shape) cannot be expanded to \(Shape(target))")
  }
  return [try facts.moved(data, (0..<rank).map { a[$0] == 1 ? b[$0] : a[$0] })]
}

private func prepareExpand(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  let result = try facts.output()
  let missing = result.shape.rank - data.shape.rank
  let strides = data.shape.strides
  let source = result.shape.dimensions.indices.map { axis in
    axis < missing || data.shape[axis - missing] == 1 ? 0 : strides[axis - missing]
  }
  let copy = StridedCopy(
    extents: result.shape.dimensions, sourceStrides: source, targetStrides: result.shape.strides,
    elementSize: data.type.size)
  return .copying(copy, kernel: "expand")
}
