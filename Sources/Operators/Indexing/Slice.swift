import ModelFormat

extension Operator {
  /// Slice: every `step`-th entry from `start` on, before `end`, along some dimensions.
  ///
  /// Inputs: data, starts, ends, axes (default: the first ones), steps (default 1); all constant.
  /// Negative positions count from the end; positions outside are clamped, as ONNX says.
  static let slice = Operator(
    "Slice", since: 13, inputs: 3...5, layout: .follow, quantization: .passthrough,
    infer: inferSlice, prepare: prepareSlice)
}

/// Where a slice begins along one dimension, how it goes on, and how many entries it has.
private struct SliceRange {
  var start = 0
  var step = 1
  var count: Int

  /// All of `extent`.
  init(_ extent: Int) { count = extent }

  /// The entries from `first` before `last`, clamped as ONNX says.
  init(_ extent: Int, from first: Int, to last: Int, by step: Int) {
    self.init(extent)
    guard extent > 0 else { return }
    let lower = step > 0 ? 0 : -1
    let upper = step > 0 ? extent : extent - 1
    let from = first < 0 ? first + extent : first
    let to = last < 0 ? last + extent : last
    start = max(0, min(upper, from))
    let end = max(lower, min(upper, to))
    self.step = max(-extent, min(extent, step))
    let span = step > 0 ? end - start : start - end
    count = span > 0 ? (span - 1) / abs(self.step) + 1 : 0
    if count == 0 { start = 0 }
  }
}

private func sliceRanges(_ facts: NodeFacts) throws(OperatorError) -> [SliceRange] {
  let shape = try facts.input(0).shape
  for index in 1...2 { _ = try facts.input(index) }
  let starts = try facts.constantIntegers(1, "starts") ?? []
  let ends = try facts.constantIntegers(2, "ends") ?? []
  let axes = try facts.constantIntegers(3, "axes") ?? Array(starts.indices)
  let steps = try facts.constantIntegers(4, "steps") ?? [Int](repeating: 1, count: starts.count)
  guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count else {
    throw .shapeMismatch("starts, ends, axes and steps differ in length")
  }
  var ranges = shape.dimensions.map { SliceRange($0) }
  for (index, axis) in try facts.axes(axes, rank: shape.rank).enumerated() {
    guard steps[index] != 0 else { throw .shapeMismatch("a step is 0") }
    ranges[axis] = SliceRange(
      shape[axis], from: starts[index], to: ends[index], by: steps[index])
  }
  return ranges
}

private func inferSlice(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  [try facts.moved(try facts.input(0), try sliceRanges(facts).map({ $0.count }))]
}

private func prepareSlice(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  let result = try facts.output()
  let ranges = try sliceRanges(facts)
  let strides = data.strides
  let copy = StridedCopy(
    extents: result.shape.dimensions, sourceStrides: zip(strides, ranges).map { $0 &* $1.step },
    targetStrides: result.strides,
    sourceOffset: zip(strides, ranges).reduce(0) { $0 &+ $1.0 &* $1.1.start },
    elementSize: data.type.size)
  return .copying(copy, kernel: "slice")
}
