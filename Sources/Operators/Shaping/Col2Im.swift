import ModelFormat

extension Operator {
  /// Col2Im: blocks of an image put back to their places, where those that overlap are added.
  ///
  /// Inputs: blocks [N, C · elements of a block, number of blocks] (float32 or float64), extents of the
  /// image and of a block (constant). Attributes: `dilations`, `pads`, `strides`.
  static let col2Im = Operator(
    "Col2Im", since: 18, inputs: 3...3,
    infer: { facts throws(OperatorError) in
      let blocks = try BlockGeometry(facts)
      return [try facts.result(try facts.input(0).type, blocks.outputs)]
    },
    prepare: { facts throws(OperatorError) in
      try facts.require(try facts.input(0), "input", among: [.float32, .float64])
      if try facts.output().count == 0 { return .nothing }
      let blocks = try BlockGeometry(facts)
      return try facts.input(0).type == .float32
        ? addBlocks(blocks, Float.self) : addBlocks(blocks, Double.self)
    })
}

/// Where the blocks of an image lie.
private struct BlockGeometry: Sendable {
  /// N and C, then the extents of the image.
  var outputs: [Int]
  var windows: [SpatialWindow.Axis]
  /// Elements of a block, and the number of blocks.
  var taps: Int
  var count: Int

  init(_ facts: NodeFacts) throws(OperatorError) {
    let data = try facts.input(0).shape
    guard data.rank == 3 else { throw .rank(operand: "input", found: data.rank, expected: "3") }
    for index in 1...2 { _ = try facts.input(index) }
    let image = try facts.constantIntegers(1, "image_shape") ?? []
    let block = try facts.constantIntegers(2, "block_shape") ?? []
    guard image.count == block.count, !image.isEmpty, image.count + 2 <= Limits.rank,
      (image + block).allSatisfy({ $0 >= 1 && $0 <= Int(Int32.max) })
    else { throw .shapeMismatch("image \(Shape(image)) and block \(Shape(block)) do not fit") }
    windows = try SpatialWindow(facts, over: image, kernel: block).axes
    guard let taps = Shape(block).checkedCount, data[1] % taps == 0 else {
      throw .shapeMismatch("\(data[1]) rows do not make blocks of \(Shape(block))")
    }
    guard let count = Shape(windows.map { $0.output }).checkedCount, count == data[2] else {
      throw .shapeMismatch(
        "there are \(data[2]) blocks, which do not fit the image \(Shape(image))")
    }
    (self.taps, self.count) = (taps, count)
    outputs = [data[0], data[1] / taps] + image
  }

  /// Calls `body` with the number of each block that puts tap `tap` into the image, and the place there.
  func forEachBlock(of tap: Int, _ body: (_ block: Int, _ place: Int) -> Void) {
    visit(0, tap, 0, 0, body)
  }

  private func visit(
    _ axis: Int, _ tap: Int, _ block: Int, _ place: Int, _ body: (Int, Int) -> Void
  ) {
    if axis == windows.count { return body(block, place) }
    let window = windows[axis]
    var inner = 1
    for later in windows[(axis + 1)...] { inner *= later.kernel }
    let offset = tap / inner * window.dilation
    for position in 0..<window.output {
      let entry = window.start(position) + offset
      if entry < 0 || entry >= window.input { continue }
      visit(
        axis + 1, tap % inner, block * window.output + position, place * window.input + entry, body)
    }
  }
}

private func addBlocks<T: RealElement>(_ blocks: BlockGeometry, _: T.Type) -> Execution {
  let planes = blocks.outputs[0] * blocks.outputs[1]
  let size = blocks.outputs[2...].reduce(1, &*)
  return Execution(kernel: "col2im") { operands in
    operands.split(planes, grain: 1) { range in
      for plane in range {
        let to = operands.output(as: T.self) + plane * size
        let from = operands.input(0, as: T.self) + plane * blocks.taps * blocks.count
        to.update(repeating: 0, count: size)
        for tap in 0..<blocks.taps {
          let row = from + tap * blocks.count
          blocks.forEachBlock(of: tap) { block, place in to[place] += row[block] }
        }
      }
    }
  }
}
