/// How a sparse product is cut: output pixels into tiles of up to 8 vectors of 16 lanes, the depth into
/// chunks that fit the first-level cache, outputs into blocks whose sums do.
///
/// A *row* of the depth is what one stored weight multiplies: a quad of channels of one tap for uint8,
/// one channel of one tap for floats; 32 bits either way. Rows are [tap][words], channels padded to
/// whole words.
struct SparsePlan: Sendable {
  /// Output pixels and channels.
  let pixels: Int, outputs: Int
  /// Taps of the kernel, and 32-bit words of each.
  let taps: Int, words: Int
  /// Vectors of 16 lanes over all pixels, and tiles of them.
  let vectors: Int, tiles: Int
  /// Rows of a chunk, and chunks.
  let chunkRows: Int, chunks: Int
  /// Panels of 16 outputs in a block.
  let blockPanels: Int
  /// Runs of blocks that are shared out among threads, for each tile.
  let columnParts: Int

  /// Bytes of a chunk of activations that the first-level cache holds beside sums and weights.
  private static let chunkBytes = 24 * 1024

  init(_ g: ConvolutionGeometry, words: Int) {
    pixels = g.outputPixels
    outputs = g.outputChannels
    taps = g.kernelHeight * g.kernelWidth
    self.words = words
    vectors = (pixels + 15) / 16
    let rows = taps * words
    // Wide tiles spread the load of a weight over more products, as long as one chunk is enough.
    let widest = rows * 64 * 8 <= Self.chunkBytes * 4 / 3 ? 8 : 4
    tiles = (vectors + widest - 1) / widest
    let width = tiles == 0 ? 1 : (vectors + tiles - 1) / tiles
    let fitting = max(1, Self.chunkBytes / (64 * width))
    chunks = max(1, rows <= fitting * 4 / 3 ? 1 : (rows + fitting - 1) / fitting)
    chunkRows = (rows + chunks - 1) / chunks
    blockPanels = width > 4 ? 2 : 4
    let blocks = ((outputs + 15) / 16 + blockPanels - 1) / blockPanels
    columnParts = tiles == 0 ? 1 : min(blocks, (7 + tiles) / tiles)
  }

  /// Rows of the whole depth.
  var rows: Int { taps * words }
  /// Panels of 16 outputs.
  var panels: Int { (outputs + 15) / 16 }
  /// Blocks of panels.
  var blocks: Int { (panels + blockPanels - 1) / blockPanels }
  /// The most vectors in a tile.
  var width: Int { tiles == 0 ? 0 : (vectors + tiles - 1) / tiles }
  /// Pieces of work.
  var units: Int { tiles * columnParts }

  /// The vectors of tile `index`.
  @inline(__always) func tile(_ index: Int) -> Range<Int> {
    index * vectors / tiles..<(index + 1) * vectors / tiles
  }

  /// The rows of chunk `index`.
  @inline(__always) func chunk(_ index: Int) -> Range<Int> {
    index * chunkRows..<min(rows, (index + 1) * chunkRows)
  }

  /// The panels of block `index`.
  @inline(__always) func block(_ index: Int) -> Range<Int> {
    index * blockPanels..<min(panels, (index + 1) * blockPanels)
  }

  /// A part of a tile that is turned to lanes at once: whole taps, or words of the only one.
  struct Turn {
    let tap: Int, taps: Int
    let word: Int, words: Int
  }

  /// All of a tile.
  var wholeTurn: Turn { Turn(tap: 0, taps: taps, word: 0, words: words) }

  /// Parts of a tile that threads may turn together.
  var turns: Int { taps > 1 ? taps : max(1, min(8, words / 16)) }

  /// Part `index`; where there is but one tap, pixels must be read in place for its words to be split.
  @inline(__always) func turn(_ index: Int, isPointwise: Bool) -> Turn {
    if taps > 1 { return Turn(tap: index, taps: 1, word: 0, words: words) }
    guard isPointwise else {
      return index == 0 ? wholeTurn : Turn(tap: 0, taps: 0, word: 0, words: 0)
    }
    let first = index * words / turns
    return Turn(tap: 0, taps: 1, word: first, words: (index + 1) * words / turns - first)
  }

  /// Bytes of scratch for one thread: addresses, lanes, sums.
  var slotBytes: Int { sumsStart + blockPanels * panelBytes }
  /// Where lanes begin in a slot.
  var lanesStart: Int { roundedUp(16 * width * taps * MemoryLayout<Int>.size, to: 64) }
  /// Where sums begin in a slot.
  var sumsStart: Int { lanesStart + rows * 64 * width }
  /// Bytes of the sums of one panel.
  var panelBytes: Int { 16 * 64 * width }
}
