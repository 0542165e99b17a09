import ModelFormat

extension Operator {
  /// TopK: the `k` largest (`largest` 1, default) or smallest entries along `axis` (default: the last),
  /// best first, and their indices as int64; of equal entries the first one wins.
  ///
  /// Inputs: data (numbers of any type), k (one constant). The entries are in order whether `sorted`
  /// asks for it or not.
  static let topK = Operator(
    "TopK", since: 11, inputs: 2...2, outputs: 1...2, layout: .follow, infer: inferTopK,
    prepare: prepareTopK)
}

private func topKAxis(_ facts: NodeFacts) throws(OperatorError) -> Int {
  try facts.axis(try facts.int("axis", default: -1), rank: try facts.input(0).shape.rank)
}

private func inferTopK(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  _ = try facts.input(1)
  let axis = try topKAxis(facts)
  let k = try facts.constantInteger(1, "k") ?? 0
  guard k >= 0, k <= data.shape[axis] else {
    throw .shapeMismatch("k is \(k), but dimension \(axis) of \(data.shape) is \(data.shape[axis])")
  }
  var extents = data.shape.dimensions
  extents[axis] = k
  let results = [
    try facts.moved(data, extents), try facts.result(.int64, extents, layout: data.layout),
  ]
  return facts.node.outputs.count == 1 ? [results[0]] : results
}

/// The lines of a tensor along one dimension, of which the best `k` entries are kept.
private struct Selection {
  var lines: Int
  var inner: Int
  var extent: Int
  var k: Int
  var largest: Bool
  var writesIndices: Bool

  func run<T: Comparable & BitwiseCopyable>(_: T.Type, _ operands: Operands) {
    let heap = operands.scratch.assumingMemoryBound(to: Int.self)
    guard k > 0 else { return }
    for line in 0..<lines {
      let from =
        operands.input(0, as: T.self) + (line / inner * extent * inner + line % inner)
      select(from, heap)
      let target = line / inner * k * inner + line % inner
      for i in 0..<k {
        operands.output(0, as: T.self)[target + i * inner] = from[heap[i] * inner]
        if writesIndices {
          operands.output(1, as: Int64.self)[target + i * inner] = Int64(heap[i])
        }
      }
    }
  }

  /// Fills `heap` with the indices of the best entries, best first.
  private func select<T: Comparable>(
    _ from: UnsafePointer<T>, _ heap: UnsafeMutablePointer<Int>
  ) {
    for i in 0..<k { heap[i] = i }
    for i in stride(from: k / 2 - 1, through: 0, by: -1) { sink(from, heap, i, k) }
    for i in k..<extent where precedes(from, i, heap[0]) {
      heap[0] = i
      sink(from, heap, 0, k)
    }
    for end in stride(from: k - 1, to: 0, by: -1) {
      (heap[0], heap[end]) = (heap[end], heap[0])
      sink(from, heap, 0, end)
    }
  }

  /// Whether entry `a` is better than entry `b`.
  @inline(__always)
  private func precedes<T: Comparable>(_ from: UnsafePointer<T>, _ a: Int, _ b: Int) -> Bool {
    let (x, y) = (from[a * inner], from[b * inner])
    if largest ? x > y : x < y { return true }
    return x == y && a < b
  }

  /// Lets entry `start` sink in a heap whose worst entry is on top.
  private func sink<T: Comparable>(
    _ from: UnsafePointer<T>, _ heap: UnsafeMutablePointer<Int>, _ start: Int, _ count: Int
  ) {
    var parent = start
    while true {
      var child = 2 * parent + 1
      if child >= count { return }
      if child + 1 < count, precedes(from, heap[child], heap[child + 1]) { child += 1 }
      if !precedes(from, heap[parent], heap[child]) { return }
      (heap[parent], heap[child]) = (heap[child], heap[parent])
      parent = child
    }
  }
}

private func prepareTopK(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  try facts.require(
    data, "input",
    among: [
      .float32, .float64, .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64,
    ])
  let axis = try topKAxis(facts)
  let (outer, extent, inner) = data.split(at: axis)
  let k = try facts.output().shape[axis]
  let selection = Selection(
    lines: outer * inner, inner: inner, extent: extent, k: k,
    largest: try facts.int("largest", default: 1) != 0, writesIndices: facts.wantsOutput(1))
  let bytes = k * MemoryLayout<Int>.stride
  switch data.type {
  case .float32: return Execution(scratchBytes: bytes) { selection.run(Float.self, $0) }
  case .float64: return Execution(scratchBytes: bytes) { selection.run(Double.self, $0) }
  case .int32: return Execution(scratchBytes: bytes) { selection.run(Int32.self, $0) }
  case .int64: return Execution(scratchBytes: bytes) { selection.run(Int64.self, $0) }
  case .int8: return Execution(scratchBytes: bytes) { selection.run(Int8.self, $0) }
  case .int16: return Execution(scratchBytes: bytes) { selection.run(Int16.self, $0) }
  case .uint16: return Execution(scratchBytes: bytes) { selection.run(UInt16.self, $0) }
  case .uint32: return Execution(scratchBytes: bytes) { selection.run(UInt32.self, $0) }
  case .uint64: return Execution(scratchBytes: bytes) { selection.run(UInt64.self, $0) }
  default: return Execution(scratchBytes: bytes) { selection.run(UInt8.self, $0) }
  }
}
