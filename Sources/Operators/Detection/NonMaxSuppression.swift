import ModelFormat

extension Operator {
  /// NonMaxSuppression: the boxes of each class that score best and do not overlap a better one.
  ///
  /// Inputs, all constant since the extents of the output depend on them: boxes [B, N, 4], scores
  /// [B, C, N], the most boxes of a class (0), the overlap above which a box is dropped (0), and the
  /// least score. Output: rows of batch, class and box, int64. Attributes: `center_point_box`: boxes
  /// are corners (0) or center and size (1).
  static let nonMaxSuppression = Operator(
    "NonMaxSuppression", since: 11, inputs: 2...5,
    infer: { facts throws(OperatorError) in
      [try facts.result(.int64, [try selectedBoxes(facts).count / 3, 3])]
    },
    scans: { facts in
      guard let scores = facts.optionalInput(1)?.shape, scores.rank == 3,
        let most = try? facts.constantIntegers(2, "max_output_boxes_per_class")?.first
      else { return 0 }
      return .saturatingProduct(
        scores.count, Swift.max(0, Swift.min(most, scores[2])))
    },
    prepare: { facts throws(OperatorError) in
      let selected = try selectedBoxes(facts)
      return Execution(kernel: "nms") { operands in
        let to = operands.output(as: Int64.self)
        for i in selected.indices { to[i] = selected[i] }
      }
    })
}

/// Boxes that do not overlap are compared with all that were kept: some seconds in all.
private let maximumComparisons = 1 << 32

/// One constant number, or `value` where the input is left out or empty.
private func number(
  _ facts: NodeFacts, _ index: Int, _ operand: String, default value: Float
) throws(OperatorError) -> Float {
  try facts.constantFloats(index, operand)?.first ?? value
}

/// A box by its lower and upper corner.
private struct Box {
  var y0: Float, x0: Float, y1: Float, x1: Float

  init(_ v: ArraySlice<Float>, isCentered: Bool) {
    let (a, b, c, d) = (
      v[v.startIndex], v[v.startIndex + 1], v[v.startIndex + 2], v[v.startIndex + 3]
    )
    if isCentered {
      (x0, x1, y0, y1) = (a - c / 2, a + c / 2, b - d / 2, b + d / 2)
    } else {
      (y0, x0, y1, x1) = (min(a, c), min(b, d), max(a, c), max(b, d))
    }
  }

  /// Whether the intersection is more than `threshold` of the union.
  func overlaps(_ other: Box, above threshold: Float) -> Bool {
    let height = min(y1, other.y1) - max(y0, other.y0)
    let width = min(x1, other.x1) - max(x0, other.x0)
    guard height > 0, width > 0 else { return false }
    let area = (y1 - y0) * (x1 - x0)
    let otherArea = (other.y1 - other.y0) * (other.x1 - other.x0)
    guard area > 0, otherArea > 0 else { return false }
    let common = height * width
    let union = area + otherArea - common
    return union > 0 && common / union > threshold
  }
}

/// Batch, class and box of each box that stays, in this order.
private func selectedBoxes(_ facts: NodeFacts) throws(OperatorError) -> [Int64] {
  let (boxes, scores) = (try facts.input(0), try facts.input(1))
  try facts.require(boxes, "boxes", among: [.float32])
  try facts.require(scores, "scores", among: [.float32])
  guard boxes.shape.rank == 3, boxes.shape[2] == 4, scores.shape.rank == 3,
    scores.shape[0] == boxes.shape[0], scores.shape[2] == boxes.shape[1]
  else {
    throw .shapeMismatch("boxes \(boxes.shape) and scores \(scores.shape) do not fit")
  }
  let center = try facts.int("center_point_box", default: 0)
  guard center == 0 || center == 1 else {
    throw .attribute(name: "center_point_box", problem: "is \(center), but must be 0 or 1")
  }
  let most = try facts.constantIntegers(2, "max_output_boxes_per_class")?.first ?? 0
  let overlap = try number(facts, 3, "iou_threshold", default: 0)
  let least = try number(facts, 4, "score_threshold", default: -.infinity)
  let corners = try facts.constantFloats(0, "boxes") ?? []
  let values = try facts.constantFloats(1, "scores") ?? []
  if most <= 0 || boxes.count == 0 || scores.count == 0 { return [] }
  var selected: [Int64] = []
  var comparisons = 0
  let (classes, count) = (scores.shape[1], scores.shape[2])
  for batch in 0..<boxes.shape[0] {
    let list = (0..<count).map { i in
      Box(
        corners[((batch * count + i) * 4)..<((batch * count + i) * 4 + 4)], isCentered: center == 1)
    }
    for kind in 0..<classes {
      let first = (batch * classes + kind) * count
      let order = (0..<count).filter { values[first + $0] > least }
        .sorted { a, b in
          let (x, y) = (values[first + a], values[first + b])
          return x != y ? x > y : a < b
        }
      var kept: [Int] = []
      for candidate in order where kept.count < most {
        comparisons &+= kept.count
        guard comparisons <= maximumComparisons else {
          throw .unsupported("more than \(maximumComparisons) pairs of boxes to compare")
        }
        if kept.contains(where: { list[$0].overlaps(list[candidate], above: overlap) }) { continue }
        kept.append(candidate)
        selected += [Int64(batch), Int64(kind), Int64(candidate)]
      }
    }
  }
  return selected
}
