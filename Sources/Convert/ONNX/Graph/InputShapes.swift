import ModelFormat

/// The extents of graph inputs: from the file, from the user, or 1 for an open batch.
///
/// An extent of 0 means no elements.
enum InputShapes {
  /// The shapes of `inputs`, in order.
  static func resolve(
    _ inputs: [ONNXValueInfo], given: [String: [Int]]
  ) throws(ImportProblem) -> [Shape] {
    let names = inputs.map(\.name)
    for name in given.keys.sorted() where !names.contains(name) {
      throw .unknownInput(name: name, inputs: names)
    }
    var shapes: [Shape] = []
    var unknown: [UnknownDimensions] = []
    for input in inputs {
      if let extents = given[input.name] {
        shapes.append(try check(extents, input))
        continue
      }
      var extents = input.dimensions?.map { $0.map { Int($0) } }
      if let batch = extents?.first, batch == nil { extents?[0] = 1 }
      if let extents, !extents.contains(nil) {
        shapes.append(try check(extents.compactMap { $0 }, input))
      } else {
        unknown.append(UnknownDimensions(input: input.name, dimensions: extents))
      }
    }
    guard unknown.isEmpty else { throw .unknownDimensions(unknown) }
    return shapes
  }

  /// Extents as a shape, if they fit the declared rank and the limits.
  private static func check(
    _ extents: [Int], _ input: ONNXValueInfo
  ) throws(ImportProblem) -> Shape {
    let shape = Shape(extents)
    if let rank = input.dimensions?.count, rank != shape.rank {
      throw .inputShape(
        name: input.name, "--input-shape gives \(shape.rank) dimensions, the model has \(rank)")
    }
    guard shape.rank <= Limits.rank, shape.checkedCount != nil,
      extents.allSatisfy({ $0 >= 0 && $0 <= Limits.extent })
    else {
      throw .inputShape(
        name: input.name,
        "the shape \(extents.map(String.init).joined(separator: "x")) is out of range "
          + "(up to \(Limits.rank) dimensions of up to \(Limits.extent))")
    }
    return shape
  }
}
