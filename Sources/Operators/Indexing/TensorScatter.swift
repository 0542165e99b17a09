import ModelFormat

extension Operator {
  /// TensorScatter: a cache of past entries with new ones written along `axis` (default -2).
  ///
  /// Inputs: cache, update (of the cache's extents but along `axis`, where it is no longer), where to
  /// write in each sample (int64 [N]; 0 where left out). Attributes: `mode`: `linear`, or `circular`,
  /// which goes on at the beginning. Entries that lead out of the cache are left out.
  static let tensorScatter = Operator(
    "TensorScatter", since: 24, inputs: 2...3, infer: inferTensorScatter,
    prepare: prepareTensorScatter)
}

private func scatterAxis(_ facts: NodeFacts) throws(OperatorError) -> Int {
  let cache = try facts.input(0)
  let update = try facts.input(1)
  try facts.require(update, "update", among: [cache.type])
  let axis = try facts.axis(try facts.int("axis", default: -2), rank: cache.shape.rank)
  guard axis > 0 else { throw .attribute(name: "axis", problem: "is 0, which counts samples") }
  var expected = cache.shape
  guard update.shape.rank == cache.shape.rank, update.shape[axis] <= cache.shape[axis] else {
    throw .shapeMismatch("an update \(update.shape) does not fit a cache \(cache.shape)")
  }
  expected[axis] = update.shape[axis]
  guard update.shape == expected else {
    throw .shapeMismatch("an update \(update.shape) does not fit a cache \(cache.shape)")
  }
  if let indices = facts.optionalInput(2), indices.shape != [cache.shape[0]] {
    throw .shapeMismatch("there must be one index for each of \(cache.shape[0]) samples")
  }
  return axis
}

private func inferTensorScatter(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  _ = try scatterAxis(facts)
  let cache = try facts.input(0)
  return [try facts.result(cache.type, cache.shape.dimensions)]
}

private func prepareTensorScatter(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let cache = try facts.input(0)
  let axis = try scatterAxis(facts)
  let mode = try facts.string("mode", default: "linear")
  guard mode == "linear" || mode == "circular" else {
    throw .attribute(name: "mode", problem: "is '\(mode)', but must be linear or circular")
  }
  let isCircular = mode == "circular"
  let reader = facts.optionalInput(2) == nil ? nil : try IndexReader(facts, 2)
  let (outer, extent, inner) = cache.split(at: axis)
  let count = try facts.input(1).shape[axis]
  let blocks = max(1, outer / max(1, cache.shape[0]))
  let keep = Execution.keeping(byteCount: cache.byteCount)
  let size = cache.type.size
  return Execution(kernel: "tensor scatter", overwrites: 0) { operands in
    keep.run(operands)
    for block in 0..<outer {
      let start = reader.map { $0.raw(operands, block / blocks) } ?? 0
      for entry in 0..<count {
        var place = start &+ entry
        if isCircular { place = ((place % extent) + extent) % extent }
        guard place >= 0, place < extent else { continue }
        copyElements(
          operands.rawInput(1), (block * count + entry) * inner, operands.rawOutput(),
          (block * extent + place) * inner, count: inner, size: size)
      }
    }
  }
}
