import ModelFormat

extension Operator {
  /// GridSample: an image read at places that a grid names, each from -1 to 1.
  ///
  /// Inputs: image [N, C, D1, …] of one to three spatial dimensions, grid [N, O1, …, r] with the
  /// innermost dimension's coordinate first. Attributes: `mode` (`linear`, `nearest`, `cubic`),
  /// `padding_mode` (`zeros`, `border`, `reflection`), `align_corners`. float32.
  static let gridSample = Operator(
    "GridSample", since: 22, inputs: 2...2, infer: inferGridSample, prepare: prepareGridSample)
}

private func inferGridSample(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let (x, grid) = (try facts.input(0), try facts.input(1).shape)
  let rank = x.shape.rank - 2
  guard rank >= 1, rank <= 3 else {
    throw .rank(operand: "input", found: x.shape.rank, expected: "3 to 5")
  }
  guard grid.rank == rank + 2, grid[0] == x.shape[0], grid[rank + 1] == rank else {
    throw .shapeMismatch("a grid \(grid) does not fit images \(x.shape)")
  }
  let result = try facts.result(
    x.type, [x.shape[0], x.shape[1]] + Array(grid.dimensions[1..<(rank + 1)]))
  guard x.shape.dimensions[2...].allSatisfy({ $0 >= 1 }) || result.count == 0 else {
    throw .shapeMismatch("images \(x.shape) have nothing to read")
  }
  return [result]
}

private func prepareGridSample(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let x = try facts.input(0)
  try facts.require(x, "input", among: [.float32])
  try facts.require(try facts.input(1), "the grid", among: [.float32])
  let result = try facts.output()
  let sampler = try GridSampler(facts, extents: Array(x.shape.dimensions[2...]))
  if result.count == 0 { return .nothing }
  let places = result.shape.dimensions[2...].reduce(1, &*)
  let channels = x.shape[1]
  let plane = x.shape.dimensions[2...].reduce(1, &*)
  let rank = x.shape.rank - 2
  return Execution(kernel: "grid sample") { operands in
    operands.split(x.shape[0] * places, grain: max(1, 4096 / channels)) { points in
      for point in points {
        let image =
          operands.input(0, as: Float.self) + point / places * channels * plane
        let to =
          operands.output(as: Float.self) + point / places * channels * places + point % places
        let taps = sampler.taps(operands.input(1, as: Float.self) + point * rank)
        for channel in 0..<channels {
          to[channel * places] = sampler.sample(image + channel * plane, taps)
        }
      }
    }
  }
}
