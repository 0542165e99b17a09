extension ProductPlan {
  /// Fills a slot of scratch with the addresses [tap][pixel] of the input rows of `pixels` in `group`.
  @inline(__always) func addresses(
    input: UnsafeRawPointer, geometry g: ConvolutionGeometry, window: Window,
    zero: UnsafeRawPointer, group: Int, pixels range: Range<Int>, elementBytes: Int,
    slot: UnsafeMutableRawPointer
  ) {
    let groupBytes = g.inputChannels / g.groups * elementBytes
    let base = input + group * groupBytes
    let out = slot.assumingMemoryBound(to: UnsafeRawPointer.self)
    switch rows {
    case .direct:
      let pixelBytes = g.inputChannels * elementBytes
      for i in 0..<range.count { out[i] = base + (range.lowerBound + i) * pixelBytes }
    case .indirect:
      window.rows(
        of: base, zero: zero, first: range.lowerBound, count: range.count, into: slot)
    case .segments:
      window.segments(
        of: base, zero: zero, first: range.lowerBound, count: range.count, tapBytes: groupBytes,
        segmentBytes: copyBytes, copies: slot + addressBytes, into: slot)
    case .packed:
      let windows = slot + addressBytes
      window.pack(
        base, zero: zero, first: range.lowerBound, count: range.count, tapBytes: groupBytes,
        rowBytes: copyBytes, into: windows)
      for i in 0..<range.count { out[i] = UnsafeRawPointer(windows + i * copyBytes) }
    }
  }

  /// Calls `body` with group, block of columns within the group, and tile, for each unit of `range`.
  @inline(__always) func forEachUnit(
    _ range: Range<Int>, _ body: (_ group: Int, _ columns: Range<Int>, _ pixels: Range<Int>) -> Void
  ) {
    guard tiles > 0, !range.isEmpty else { return }
    var (block, index) = range.lowerBound.quotientAndRemainder(dividingBy: tiles)
    for _ in range {
      let first = block % blocks &* blockColumns
      body(block / blocks, first..<min(columns, first &+ blockColumns), tile(index))
      index &+= 1
      if index == tiles { (block, index) = (block &+ 1, 0) }
    }
  }
}
