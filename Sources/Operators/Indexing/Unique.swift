import ModelFormat

extension Operator {
  /// Unique: each element, or each slice along `axis`, once.
  ///
  /// Input: numbers or booleans; constant, since the extents of the outputs depend on it. Outputs: the
  /// elements, where each stands first, for each input which one it is, and how often it occurs, the
  /// latter three as int64. Attributes: `axis` (flattened where left out), `sorted` (1: ascending, NaN
  /// last; 0: in the order of the input).
  static let unique = Operator(
    "Unique", since: 11, inputs: 1...1, outputs: 1...4, infer: inferUnique, prepare: prepareUnique)
}

/// Which of the slices of a tensor are equal.
private struct DistinctSlices {
  /// The axis, or nil where each element is a slice.
  var axis: Int?
  var outer: Int
  var extent: Int
  var inner: Int
  /// For each result: the first slice that is equal to it, and how many are.
  var first: [Int] = []
  var counts: [Int] = []
  /// For each slice: its result.
  var inverse: [Int] = []

  init(_ facts: NodeFacts) throws(OperatorError) {
    let data = try facts.input(0)
    guard let constant = data.constant else { throw .needsConstant(operand: "input") }
    (outer, extent, inner) = (1, data.count, 1)
    if facts.node.attributes["axis"] != nil {
      let position = try facts.axis(try facts.int("axis", default: 0), rank: data.shape.rank)
      axis = position
      (outer, extent, inner) = data.split(at: position)
    }
    let sorts = try facts.int("sorted", default: 1) != 0
    switch constant.type {
    case .float64: group(array: constant.dense.elements(as: Double.self), sorts)
    case .uint64: group(array: constant.dense.elements(as: UInt64.self), sorts)
    default:
      if let integers = constant.integers() {
        group(array: integers, sorts)
      } else {
        group(array: constant.floats(), sorts)
      }
    }
  }

  /// The order of two elements; what is not a number comes last, and is equal to its like.
  private static func precedes<T: Comparable>(_ a: T, _ b: T) -> Bool {
    if a != a { return false }
    return b != b || a < b
  }

  private mutating func group<T: Comparable>(array: [T], _ sorts: Bool) {
    array.withUnsafeBufferPointer { group($0, sorts) }
  }

  private mutating func group<T: Comparable>(_ elements: UnsafeBufferPointer<T>, _ sorts: Bool) {
    let (outer, extent, inner) = (outer, extent, inner)
    // An empty slice is as large along the axis, but has nothing to compare.
    func order(_ a: Int, _ b: Int) -> Int {
      for block in 0..<outer {
        for i in 0..<inner {
          let x = elements[(block * extent + a) * inner + i]
          let y = elements[(block * extent + b) * inner + i]
          if DistinctSlices.precedes(x, y) { return -1 }
          if DistinctSlices.precedes(y, x) { return 1 }
        }
      }
      return 0
    }
    let ranked: [Int]
    if outer * inner == 1 {
      // Single elements, of which there can be millions.
      ranked = (0..<extent).sorted { a, b in
        let (x, y) = (elements[a], elements[b])
        return DistinctSlices.precedes(x, y) || (!DistinctSlices.precedes(y, x) && a < b)
      }
    } else {
      ranked = (0..<extent).sorted { a, b in
        let order = order(a, b)
        return order != 0 ? order < 0 : a < b
      }
    }
    inverse = [Int](repeating: 0, count: extent)
    for index in ranked {
      if let last = first.last, order(last, index) == 0 {
        counts[counts.count - 1] += 1
      } else {
        first.append(index)
        counts.append(1)
      }
      inverse[index] = first.count - 1
    }
    if sorts { return }
    let order = first.indices.sorted { first[$0] < first[$1] }
    var position = [Int](repeating: 0, count: order.count)
    for (new, old) in order.enumerated() { position[old] = new }
    first = order.map { first[$0] }
    counts = order.map { counts[$0] }
    inverse = inverse.map { position[$0] }
  }
}

private func inferUnique(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  guard data.shape.dimensions.allSatisfy({ $0 <= 1 << 28 }) else {
    throw .unsupported("an input of \(data.shape)")
  }
  let slices = try DistinctSlices(facts)
  var extents = [slices.first.count]
  if let axis = slices.axis {
    extents = data.shape.dimensions
    extents[axis] = slices.first.count
  }
  let results = [
    try facts.result(data.type, extents), try facts.result(.int64, [slices.first.count]),
    try facts.result(.int64, [slices.inverse.count]),
    try facts.result(.int64, [slices.first.count]),
  ]
  return Array(results.prefix(max(1, facts.node.outputs.count)))
}

private func prepareUnique(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let slices = try DistinctSlices(facts)
  let size = try facts.input(0).type.size
  let (outer, extent, inner) = (slices.outer, slices.extent, slices.inner)
  let first = slices.first
  let lists = [(1, first), (2, slices.inverse), (3, slices.counts)]
    .filter { facts.wantsOutput($0.0) }
  return Execution(kernel: "unique") { operands in
    for block in 0..<outer {
      for i in first.indices {
        copyElements(
          operands.rawInput(0), (block * extent + first[i]) * inner, operands.rawOutput(),
          (block * first.count + i) * inner, count: inner, size: size)
      }
    }
    for (index, list) in lists {
      let to = operands.output(index, as: Int64.self)
      for i in list.indices { to[i] = Int64(list[i]) }
    }
  }
}
