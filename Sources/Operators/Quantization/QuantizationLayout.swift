import ModelFormat

/// Which scale belongs to which element of a tensor: one for all, one for each index along an axis, or
/// one for each block along an axis.
struct QuantizationLayout: Sendable {
  /// Rows of elements that share what scales they have, in memory order.
  let outer: Int
  let extent: Int
  let inner: Int
  /// Entries along the axis that share a scale.
  let block: Int
  /// Scales along the axis, and behind it.
  let blocks: Int
  /// Whether each element behind the axis has a scale of its own.
  let isBlocked: Bool

  /// The layout of `scale` (input 1) and the zero point (input 2) over `data` (input 0), by the
  /// attributes `axis` and `block_size`.
  init(_ facts: NodeFacts) throws(OperatorError) {
    let data = try facts.input(0)
    let scale = try facts.input(1)
    let size = try facts.int("block_size", default: 0)
    if let zero = facts.optionalInput(2), zero.count != scale.count {
      throw .shapeMismatch("scale and zero point differ in shape: \(scale.shape), \(zero.shape)")
    }
    try facts.require(scale, "scale", among: [.float32])
    if size == 0, scale.count == 1, scale.shape.rank <= 1 {
      (outer, extent, inner, block, blocks, isBlocked) = (1, 1, data.count, 1, 1, false)
      return
    }
    let rank = data.shape.rank
    let axis = try facts.axis(try facts.int("axis", default: 1), rank: rank)
    (outer, extent, inner) = data.split(at: axis)
    guard size > 0 else {
      guard size == 0, scale.shape.rank == 1, scale.count == data.shape[axis] else {
        throw .shapeMismatch(
          "there must be one scale, or one for each of \(data.shape[axis]) indices along \(axis)")
      }
      (block, blocks, isBlocked) = (1, data.shape[axis], false)
      return
    }
    var expected = data.shape
    expected[axis] = data.shape[axis] == 0 ? 0 : (data.shape[axis] - 1) / size + 1
    guard scale.shape == expected, scale.layout == data.layout else {
      throw .shapeMismatch("the scales have shape \(scale.shape), but blocks need \(expected)")
    }
    (block, blocks, isBlocked) = (size, expected[axis], true)
  }

  /// Whether there is one scale for all elements.
  var isWhole: Bool { blocks == 1 && !isBlocked }

  /// Calls `body` with each run of elements and the index of its scale; where `step` is 1, the scale's
  /// index goes up with the element.
  @inline(__always)
  func forEachRun(_ body: (_ elements: Range<Int>, _ scale: Int, _ step: Int) -> Void) {
    for o in 0..<outer {
      for i in 0..<extent {
        let start = (o * extent + i) * inner
        if isBlocked {
          body(start..<(start + inner), (o * blocks + i / block) * inner, 1)
        } else {
          body(start..<(start + inner), i, 0)
        }
      }
    }
  }
}
