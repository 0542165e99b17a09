import CKernels

/// A product with sparse weights over channels-last activations: pixels in lanes, each stored weight
/// broadcast against them, so that a weight that is not stored costs nothing.
///
/// A tile of pixels is transposed to [row][lane], multiplied, and its sums transposed back for the same
/// stores as a dense product's. For floats this is the idea of XNNPACK's `f32-spmm`; for int8 each
/// stored weight is a quad of channels, one dot-product instruction for 16 pixels.
struct SparseProduct: Sendable {
  let plan: SparsePlan
  let streams: SparseStreams
  let lanes: Kernel<LanesFunction>
  /// Whether the kernel takes activations of bytes 128 lower, as signed bytes.
  let takesSignedBytes: Bool

  init(
    _ plan: SparsePlan, _ streams: SparseStreams, isa: InstructionSet,
    takesSignedBytes: Bool = false
  ) {
    self.plan = plan
    self.streams = streams
    self.takesSignedBytes = takesSignedBytes
    lanes = KernelTable.best(.lanesX32, upTo: isa, reference: lanesReference)
  }

  /// Bytes of scratch for one thread.
  var slotBytes: Int { plan.slotBytes }

  /// Runs over all pixels and outputs.
  ///
  /// - Parameters:
  ///   - multiply: adds a chunk to the sums of a panel, or begins them where the chunk is the first.
  ///   - store: stores the sums [output][lane] of up to 16 pixels and a panel.
  @inline(__always) func run<Weight: BitwiseCopyable>(
    _ type: Weight.Type, input: UnsafeRawPointer, pixelBytes: Int, isPointwise: Bool,
    window: Window, zero: UnsafeRawPointer, scratch: UnsafeMutableRawPointer, pool: ThreadPool,
    multiply: (
      _ vectors: Int, _ panel: Int, _ isFirst: Bool, _ part: SparseStreams.Part<Weight>,
      _ lanes: UnsafeRawPointer, _ sums: UnsafeMutableRawPointer
    ) -> Void,
    store: (
      _ pixels: Range<Int>, _ panel: Int, _ outputs: Int, _ sums: UnsafeRawPointer, _ stride: Int
    ) -> Void
  ) {
    // One tile alone is turned by all threads together, before they share out its columns.
    let isTogether = plan.tiles == 1 && plan.columnParts > 1
    if isTogether {
      pool.share(plan.turns) { thread, range in
        let slot = scratch + thread * plan.slotBytes
        for index in range {
          let turn = plan.turn(index, isPointwise: isPointwise)
          address(
            0..<plan.pixels, of: input + turn.word * 4, pixelBytes, isPointwise, window, zero, slot)
          self.turn(turn, pixels: plan.pixels, plan.vectors, slot, to: scratch + plan.lanesStart)
        }
      }
    }
    pool.share(plan.units) { thread, units in
      let slot = scratch + thread * plan.slotBytes
      let rows = (isTogether ? scratch : slot) + plan.lanesStart
      let sums = slot + plan.sumsStart
      var ready = isTogether ? 0 : -1
      for unit in units {
        let tile = unit / plan.columnParts
        let vectors = plan.tile(tile)
        let pixels = vectors.lowerBound * 16..<min(plan.pixels, vectors.upperBound * 16)
        if ready != tile {
          address(pixels, of: input, pixelBytes, isPointwise, window, zero, slot)
          turn(plan.wholeTurn, pixels: pixels.count, vectors.count, slot, to: rows)
          ready = tile
        }
        let columnPart = unit % plan.columnParts
        let first = columnPart * plan.blocks / plan.columnParts
        for block in first..<(columnPart + 1) * plan.blocks / plan.columnParts {
          let panels = plan.block(block)
          for chunk in 0..<plan.chunks {
            let chunkRows = rows + plan.chunk(chunk).lowerBound * 64 * vectors.count
            for panel in panels {
              multiply(
                vectors.count, panel, chunk == 0,
                streams.part(panel: panel, chunk: chunk, as: type), chunkRows,
                sums + (panel - panels.lowerBound) * plan.panelBytes)
            }
          }
          // Panels within pixels, so that a line of the cache is written at once.
          for first in stride(from: pixels.lowerBound, to: pixels.upperBound, by: 16) {
            for panel in panels {
              store(
                first..<min(first + 16, pixels.upperBound), panel,
                min(16, plan.outputs - panel * 16),
                sums + (panel - panels.lowerBound) * plan.panelBytes
                  + (first - pixels.lowerBound) * 4, 16 * vectors.count)
            }
          }
        }
      }
    }
  }

  /// Turns a part of a tile to lanes, whose addresses lie in `slot`: those of all taps, of pixels from
  /// the part's first word on.
  @inline(__always) private func turn(
    _ part: SparsePlan.Turn, pixels: Int, _ vectors: Int, _ slot: UnsafeMutableRawPointer,
    to lanes: UnsafeMutableRawPointer
  ) {
    let addresses = slot.assumingMemoryBound(to: UnsafeRawPointer?.self) + part.tap * pixels
    let to = lanes + (part.tap * plan.words + part.word) * 64 * vectors
    self.lanes.function(pixels, vectors, part.taps, part.words, addresses, to)
    if takesSignedBytes { sign(to, vectors: part.taps * part.words * vectors) }
  }

  /// Writes the addresses [tap][pixel] of the input rows of `pixels`.
  @inline(__always) private func address(
    _ pixels: Range<Int>, of input: UnsafeRawPointer, _ pixelBytes: Int, _ isPointwise: Bool,
    _ window: Window, _ zero: UnsafeRawPointer, _ slot: UnsafeMutableRawPointer
  ) {
    guard isPointwise else {
      return window.rows(
        of: input, zero: zero, first: pixels.lowerBound, count: pixels.count, into: slot)
    }
    let out = slot.assumingMemoryBound(to: UnsafeRawPointer.self)
    for i in 0..<pixels.count { out[i] = input + (pixels.lowerBound + i) * pixelBytes }
  }

  /// Takes 128 from every byte of 16 words each.
  private func sign(_ rows: UnsafeMutableRawPointer, vectors: Int) {
    let words = rows.assumingMemoryBound(to: SIMD16<UInt32>.self)
    for index in 0..<vectors { words[index] ^= SIMD16(repeating: 0x8080_8080) }
  }
}
