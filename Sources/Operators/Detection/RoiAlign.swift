import ModelFormat

extension Operator {
  /// RoiAlign: regions of feature maps, sampled bilinearly and pooled to one size.
  ///
  /// Inputs: maps [N, C, H, W], regions [R, 4] (x1, y1, x2, y2), the map of each (int64 or int32 [R]).
  /// Attributes: `mode` (`avg`, `max`: the largest weighed neighbour), `output_height`, `output_width`,
  /// `sampling_ratio` (0: as many samples as pixels), `spatial_scale`,
  /// `coordinate_transformation_mode` (`half_pixel`, `output_half_pixel`). float32. A map that does not
  /// exist is clamped; at most 4096 samples a line are taken of one cell.
  static let roiAlign = Operator(
    "RoiAlign", since: 22, inputs: 3...3, infer: inferRoiAlign,
    multiplyAccumulates: roiAlignMultiplyAccumulates, prepare: prepareRoiAlign)
}

/// Four neighbours for each sample; regions of unknown size are thought to cover the map.
private func roiAlignMultiplyAccumulates(_ facts: NodeFacts) -> Int {
  guard let result = try? inferRoiAlign(facts)[0].shape, let x = try? facts.input(0).shape,
    let ratio = try? facts.int("sampling_ratio", default: 0), ratio <= 4096
  else { return 0 }
  let rows = ratio > 0 ? ratio : (x[2] - 1) / result[2] + 1
  let columns = ratio > 0 ? ratio : (x[3] - 1) / result[3] + 1
  return .saturatingProduct(result.count, rows, columns, 4)
}

private func inferRoiAlign(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let (x, regions) = (try facts.input(0), try facts.input(1).shape)
  guard x.shape.rank == 4 else { throw .rank(operand: "input", found: x.shape.rank, expected: "4") }
  guard regions.rank == 2, regions[1] == 4, try facts.input(2).shape == [regions[0]] else {
    throw .shapeMismatch("regions \(regions) must be [R, 4], with a map for each")
  }
  let height = try facts.int("output_height", default: 1)
  let width = try facts.int("output_width", default: 1)
  guard height >= 1, width >= 1, height <= Limits.extent, width <= Limits.extent else {
    throw .attribute(name: "output_height", problem: "or width is not at least 1")
  }
  guard x.count > 0 || regions[0] == 0 else { throw .shapeMismatch("there are no maps") }
  return [try facts.result(x.type, [regions[0], x.shape[1], height, width])]
}

/// How regions are sampled.
private struct RegionSampler: Sendable {
  var height: Int, width: Int
  var rows: Int, columns: Int
  var ratio: Int
  var scale: Float
  var isHalfPixel: Bool
  var takesMaximum: Bool

  /// The start, the extent of a cell and the samples in it, along one dimension.
  private func cells(_ from: Float, _ to: Float, _ count: Int) -> (Float, Float, Int) {
    let shift: Float = isHalfPixel ? 0.5 : 0
    let start = saturating(from * scale - shift, -0x1p30, 0x1p30)
    let end = saturating(to * scale - shift, -0x1p30, 0x1p30)
    let extent = isHalfPixel ? end - start : max(end - start, 1)
    let cell = extent / Float(count)
    let samples = ratio > 0 ? ratio : Int(saturating(cell.rounded(.up), 0, 4096))
    return (start, cell, samples)
  }

  /// The neighbours of a place along one dimension and the weight of the second, or nil outside.
  private func neighbours(_ place: Float, _ extent: Int) -> (Int, Int, Float)? {
    guard place >= -1, place <= Float(extent) else { return nil }
    let inside = max(place, 0)
    let low = min(Int(inside), extent - 1)
    let high = min(low + 1, extent - 1)
    return (low, high, low == extent - 1 ? 0 : inside - Float(low))
  }

  /// Pools one region of one channel.
  func run(
    _ map: UnsafePointer<Float>, _ region: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>
  ) {
    let (top, cellHeight, verticals) = cells(region[1], region[3], rows)
    let (left, cellWidth, horizontals) = cells(region[0], region[2], columns)
    let count = Float(max(1, verticals * horizontals))
    for index in 0..<(rows * columns) {
      var sum: Float = 0
      var largest: Float?
      let y0 = top + Float(index / columns) * cellHeight
      let x0 = left + Float(index % columns) * cellWidth
      for i in 0..<verticals {
        let place = y0 + (Float(i) + 0.5) * cellHeight / Float(verticals)
        guard let (y1, y2, v) = neighbours(place, height) else {
          // A line outside of the map is as many zeros.
          if horizontals > 0 { largest = max(largest ?? 0, 0) }
          continue
        }
        for j in 0..<horizontals {
          let x = neighbours(x0 + (Float(j) + 0.5) * cellWidth / Float(horizontals), width)
          guard let (x1, x2, u) = x else {
            largest = max(largest ?? 0, 0)
            continue
          }
          let a = (1 - v) * (1 - u) * map[y1 * width + x1]
          let b = (1 - v) * u * map[y1 * width + x2]
          let c = v * (1 - u) * map[y2 * width + x1]
          let d = v * u * map[y2 * width + x2]
          sum += a + b + c + d
          let most = max(max(a, b), max(c, d))
          largest = max(largest ?? most, most)
        }
      }
      to[index] = takesMaximum ? largest ?? 0 : sum / count
    }
  }
}

private func prepareRoiAlign(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let x = try facts.input(0)
  try facts.require(x, "input", among: [.float32])
  try facts.require(try facts.input(1), "the regions", among: [.float32])
  let maps = try IndexReader(facts, 2)
  let mode = try facts.string("mode", default: "avg")
  guard mode == "avg" || mode == "max" else {
    throw .attribute(name: "mode", problem: "is '\(mode)', but must be avg or max")
  }
  let transformation = try facts.string("coordinate_transformation_mode", default: "half_pixel")
  guard transformation == "half_pixel" || transformation == "output_half_pixel" else {
    throw .attribute(
      name: "coordinate_transformation_mode", problem: "is '\(transformation)', which is not known")
  }
  let ratio = try facts.int("sampling_ratio", default: 0)
  guard ratio >= 0, ratio <= 4096 else {
    throw .attribute(name: "sampling_ratio", problem: "is \(ratio), but must be 0 to 4096")
  }
  let result = try facts.output()
  if result.count == 0 { return .nothing }
  let sampler = RegionSampler(
    height: x.shape[2], width: x.shape[3], rows: result.shape[2], columns: result.shape[3],
    ratio: ratio, scale: try facts.float("spatial_scale", default: 1),
    isHalfPixel: transformation == "half_pixel", takesMaximum: mode == "max")
  let (batch, channels) = (x.shape[0], x.shape[1])
  let (plane, cells) = (x.shape[2] * x.shape[3], result.shape[2] * result.shape[3])
  return Execution(kernel: "roi align") { operands in
    operands.split(result.shape[0] * channels, grain: 4) { range in
      for index in range {
        let region = index / channels
        let image = maps.clamped(operands, region, batch)
        sampler.run(
          operands.input(0, as: Float.self) + (image * channels + index % channels) * plane,
          operands.input(1, as: Float.self) + region * 4,
          operands.output(as: Float.self) + index * cells)
      }
    }
  }
}
