import ModelFormat

extension Operator {
  /// CenterCropPad: dimensions cut to, or filled with zeros up to, new extents, around their middle.
  ///
  /// Inputs: data, extents (constant, one for each of `axes`). Attributes: `axes` (default: all). What
  /// is odd goes behind the data.
  static let centerCropPad = Operator(
    "CenterCropPad", since: 18, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in
      let data = try facts.input(0)
      return [try facts.result(data.type, try centeredExtents(facts), layout: data.layout)]
    },
    prepare: { facts throws(OperatorError) in
      let data = try facts.input(0)
      let extents = try centeredExtents(facts)
      if try facts.output().count == 0 { return .nothing }
      var tables = [[Int]](repeating: [], count: extents.count)
      for (axis, extent) in extents.enumerated() {
        let input = data.shape[axis]
        let shift = input > extent ? (input - extent) / 2 : -((extent - input) / 2)
        tables[data.physicalAxis(axis)] = (0..<extent).map { i in
          i + shift >= 0 && i + shift < input ? i + shift : -1
        }
      }
      let copy = IndexedCopy(
        coordinates: tables, sourceExtents: data.physicalShape.dimensions,
        elementSize: data.type.size)
      return Execution(kernel: "center crop pad") { operands in copy.run(operands) }
    })
}

/// The extents of the output.
private func centeredExtents(_ facts: NodeFacts) throws(OperatorError) -> [Int] {
  let shape = try facts.input(0).shape
  _ = try facts.input(1)
  let target = try facts.constantIntegers(1, "shape") ?? []
  let axes = try facts.axes(try facts.ints("axes") ?? Array(0..<shape.rank), rank: shape.rank)
  guard target.count == axes.count, target.allSatisfy({ $0 >= 0 && $0 <= Limits.extent }) else {
    throw .shapeMismatch("the shape has \(target.count) extents for \(axes.count) dimensions")
  }
  var extents = shape.dimensions
  for (axis, extent) in zip(axes, target) { extents[axis] = extent }
  return extents
}
