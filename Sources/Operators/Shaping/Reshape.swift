import ModelFormat

extension Operator {
  /// Reshape: the same elements with other extents.
  ///
  /// Inputs: data, shape (constant integers; one may be -1, which stands for what is left; 0 copies
  /// the extent of the input unless `allowzero` is 1). Attributes: `allowzero`.
  static let reshape = Operator(
    "Reshape", since: 21, inputs: 2...2, quantization: .passthrough, infer: inferReshape,
    prepare: keepElements)

  /// Prepares an operator that changes the shape alone.
  static func keepElements(_ facts: NodeFacts) throws(OperatorError) -> Execution {
    .view(byteCount: try facts.output().byteCount)
  }
}

private func inferReshape(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  _ = try facts.input(1)
  let target = try facts.constantIntegers(1, "shape") ?? []
  let allowZero = try facts.int("allowzero", default: 0) != 0
  var extents = target
  var known = 1
  var open: Int?
  for (axis, extent) in target.enumerated() {
    if extent == -1 {
      guard open == nil else { throw .shapeMismatch("the shape has more than one -1") }
      open = axis
      continue
    }
    if extent == 0, !allowZero {
      guard axis < data.shape.rank else {
        throw .shapeMismatch("the shape copies dimension \(axis) of \(data.shape)")
      }
      extents[axis] = data.shape[axis]
    }
    let (product, overflow) = known.multipliedReportingOverflow(by: extents[axis])
    guard extents[axis] >= 0, !overflow else {
      throw .shapeMismatch("\(Shape(target)) is no shape")
    }
    known = product
  }
  if let open {
    guard known > 0, data.count % known == 0 else {
      throw .shapeMismatch("\(data.shape) cannot be reshaped to \(Shape(target))")
    }
    extents[open] = data.count / known
  }
  let result = try facts.moved(data, extents)
  guard result.count == data.count else {
    throw .shapeMismatch("\(data.shape) cannot be reshaped to \(Shape(target))")
  }
  return [result]
}
