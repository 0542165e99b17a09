import ModelFormat

/// How a tensor is walked so that each output's terms come together.
///
/// `kept` dimensions are in the memory order of the output, `reduced` ones in that of the input;
/// neighbours that are walked alike are merged.
struct ReductionWalk: Sendable {
  /// Extents and input strides of the dimensions that stay, outermost first.
  private let kept: [(extent: Int, stride: Int)]
  /// Extents and input strides of the dimensions that are reduced, but the innermost.
  private let reduced: [(extent: Int, stride: Int)]
  /// The innermost reduced dimension.
  let row: (extent: Int, stride: Int)
  /// The number of rows that make one output.
  let rows: Int
  /// Outputs in a run that read neighbouring elements; one where they do not.
  let columns: Int
  /// The number of outputs.
  let outputs: Int
  /// The number of elements that make one output.
  let terms: Int

  /// The walk for reducing `input` along `axes` (of its shape) to `output`.
  init(_ input: ValueFacts, along axes: Set<Int>, to output: ValueFacts) {
    let strides = input.physicalShape.strides
    let order = (0..<input.shape.rank).sorted { input.physicalAxis($0) < input.physicalAxis($1) }
    func dimension(_ axis: Int) -> (extent: Int, stride: Int) {
      (input.shape[axis], strides[input.physicalAxis(axis)])
    }
    // Of equal ranks, each axis has its counterpart in the output; else the output is row-major.
    let axesInOutput =
      output.shape.rank == input.shape.rank
      ? (0..<input.shape.rank).sorted { output.physicalAxis($0) < output.physicalAxis($1) }
      : [Int](0..<input.shape.rank)
    kept = merged(axesInOutput.filter { !axes.contains($0) }.map(dimension))
    let inner = merged(order.filter { axes.contains($0) }.map(dimension))
    row = inner.last ?? (1, 1)
    reduced = inner.dropLast()
    rows = reduced.reduce(1) { $0 &* $1.extent }
    terms = rows &* row.extent
    columns = kept.last?.stride == 1 ? kept.last?.extent ?? 1 : 1
    outputs = output.count
  }

  /// The position of the first term of output `index`.
  func start(ofOutput index: Int) -> Int { offset(index, kept) }

  /// The distance of row `index` from an output's first term.
  func start(ofRow index: Int) -> Int { offset(index, reduced) }

  private func offset(_ index: Int, _ dimensions: [(extent: Int, stride: Int)]) -> Int {
    var rest = index
    var offset = 0
    var axis = dimensions.count - 1
    while axis > 0 {
      let (quotient, position) = rest.quotientAndRemainder(dividingBy: dimensions[axis].extent)
      offset &+= position &* dimensions[axis].stride
      rest = quotient
      axis -= 1
    }
    return axis < 0 ? 0 : offset &+ rest &* dimensions[0].stride
  }
}

/// `dimensions` without those of extent one, and with neighbours merged that are walked as one.
private func merged(_ dimensions: [(extent: Int, stride: Int)]) -> [(extent: Int, stride: Int)] {
  var result: [(extent: Int, stride: Int)] = []
  for dimension in dimensions where dimension.extent != 1 {
    if let last = result.last, last.stride == dimension.stride &* dimension.extent {
      result[result.count - 1] = (last.extent &* dimension.extent, dimension.stride)
    } else {
      result.append(dimension)
    }
  }
  return result
}
