import ModelFormat

extension Operator {
  /// MaxRoiPool: the largest element of each cell of regions of feature maps.
  ///
  /// Inputs: maps [N, C, H, W], regions [R, 5] (map, x1, y1, x2, y2, corners included). Attributes:
  /// `pooled_shape`, `spatial_scale`. float32. Corners are rounded to pixels; an empty cell gives 0.
  static let maxRoiPool = Operator(
    "MaxRoiPool", since: 22, inputs: 2...2, infer: inferMaxRoiPool,
    scans: { facts in
      guard let x = facts.optionalInput(0)?.shape, let result = facts.outputs.first?.shape,
        x.rank == 4, result.rank == 4
      else { return 0 }
      // Each region may be the whole map; cells share lines and columns at their borders.
      return .saturatingProduct(result[0], x[1], x[2] &+ result[2], x[3] &+ result[3])
    },
    prepare: prepareMaxRoiPool)
}

private func inferMaxRoiPool(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let (x, regions) = (try facts.input(0), try facts.input(1).shape)
  guard x.shape.rank == 4 else { throw .rank(operand: "input", found: x.shape.rank, expected: "4") }
  guard regions.rank == 2, regions[1] == 5 else {
    throw .shapeMismatch("regions \(regions) must be [R, 5]")
  }
  guard let pooled = try facts.ints("pooled_shape"), pooled.count == 2,
    pooled.allSatisfy({ $0 >= 1 && $0 <= Limits.extent })
  else { throw .attribute(name: "pooled_shape", problem: "must be two numbers of at least 1") }
  guard x.count > 0 || regions[0] == 0 else { throw .shapeMismatch("there are no maps") }
  return [try facts.result(x.type, [regions[0], x.shape[1]] + pooled)]
}

/// The pixels of cell `index` of `cells` along a dimension.
private func pixels(
  _ from: Float, _ to: Float, _ scale: Float, _ index: Int, _ cells: Int, _ extent: Int
) -> Range<Int> {
  let start = saturating((from * scale).rounded(), -0x1p24, 0x1p24)
  let end = saturating((to * scale).rounded(), -0x1p24, 0x1p24)
  let cell = max(end - start + 1, 1) / Float(cells)
  let first = (Float(index) * cell).rounded(.down) + start
  let last = (Float(index + 1) * cell).rounded(.up) + start
  let lower = Int(saturating(first, 0, Float(extent)))
  return lower..<max(lower, Int(saturating(last, 0, Float(extent))))
}

private func prepareMaxRoiPool(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let x = try facts.input(0)
  try facts.require(x, "input", among: [.float32])
  try facts.require(try facts.input(1), "the regions", among: [.float32])
  let scale = try facts.float("spatial_scale", default: 1)
  let result = try facts.output()
  if result.count == 0 { return .nothing }
  let (batch, channels, height, width) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
  let (rows, columns) = (result.shape[2], result.shape[3])
  return Execution(kernel: "max roi pool") { operands in
    operands.split(result.shape[0] * channels, grain: 4) { range in
      for index in range {
        let region = operands.input(1, as: Float.self) + index / channels * 5
        let image = Int(saturating(region[0], 0, Float(batch - 1)))
        let map =
          operands.input(0, as: Float.self) + (image * channels + index % channels) * height * width
        let to = operands.output(as: Float.self) + index * rows * columns
        for row in 0..<rows {
          let lines = pixels(region[2], region[4], scale, row, rows, height)
          for column in 0..<columns {
            let places = pixels(region[1], region[3], scale, column, columns, width)
            var largest: Float = lines.isEmpty || places.isEmpty ? 0 : -.infinity
            for line in lines {
              for place in places { largest = max(largest, map[line * width + place]) }
            }
            to[row * columns + column] = largest
          }
        }
      }
    }
  }
}
