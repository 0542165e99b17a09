/// How a convolution is cut into register tiles: which rows, which columns, in which order.
///
/// Work comes in units of one tile of output pixels times one block of columns. A block's weights fit
/// the second-level cache, and its units follow one another, so that weights are read from there.
struct ProductPlan: Sendable {
  /// How a tile finds its input rows.
  enum Rows: Sendable {
    /// Pixel i is row i of the input.
    case direct
    /// One address per tap and pixel.
    case indirect
    /// One address per kernel row and pixel, its taps side by side in the input, or in scratch where
    /// some are in the padding: for few channels.
    case segments
    /// Windows are copied to scratch, taps side by side: for few channels, of groups or dilated.
    case packed

    /// Whether taps are whole pixels of the input.
    var isByPixel: Bool { self == .direct || self == .indirect }
  }

  let rows: Rows
  /// Output pixels; groups; output channels of a group.
  let pixels: Int, groups: Int, columns: Int
  /// Taps that the kernel sees, and elements in each, as stored (padded to `quantum`).
  let taps: Int, tapElements: Int
  /// Taps of the convolution that lie side by side in a tap that the kernel sees.
  let sideBySide: Int
  /// Bytes of one copied tap in scratch.
  let copyBytes: Int
  /// Pixels and columns of a tile.
  let tileRows: Int, tileColumns: Int
  /// Tiles of pixels and the pixels of each, columns of a block, blocks of a group.
  let tiles: Int, tilePixels: Int, blockColumns: Int, blocks: Int

  /// The bytes of weights that a block may have: half of a usual second-level cache.
  private static let blockBytes = 512 * 1024

  /// A plan for kernels with a tile of `tile` rows and columns, whose products take `quantum` elements
  /// of `elementBytes` at a time.
  init(
    _ g: ConvolutionGeometry, tile: (rows: Int, columns: Int), elementBytes: Int, quantum: Int
  ) {
    let channels = g.inputChannels / g.groups
    let kernelTaps = g.kernelHeight * g.kernelWidth
    rows = Self.reads(g, quantum: quantum)
    pixels = g.outputPixels
    groups = g.groups
    columns = g.outputChannels / g.groups
    switch rows {
    case .direct, .indirect: (taps, sideBySide) = (kernelTaps, 1)
    case .segments: (taps, sideBySide) = (g.kernelHeight, g.kernelWidth)
    case .packed: (taps, sideBySide) = (1, kernelTaps)
    }
    tapElements = roundedUp(channels * sideBySide, to: quantum)
    copyBytes = sideBySide > 1 ? roundedUp(tapElements * elementBytes + 16, to: 16) : 0
    tileRows = tile.rows
    tileColumns = tile.columns
    let fewest = (pixels + tileRows - 1) / tileRows
    let even = max(1, (pixels + fewest - 1) / max(1, fewest))
    // Tall tiles are blocks of 6, 8 or 12 rows.
    tilePixels = tileRows > 16 ? min(tileRows, roundedUp(even, to: 6)) : even
    tiles = (pixels + tilePixels - 1) / tilePixels
    let columnTiles = (columns + tileColumns - 1) / tileColumns
    let tileBytes = max(1, taps * tapElements * elementBytes * tileColumns)
    var perBlock = max(1, min(columnTiles, Self.blockBytes / tileBytes))
    // Few tiles of pixels leave threads idle unless columns are shared out too.
    let wanted = 16
    if tiles * groups < wanted {
      perBlock = min(perBlock, max(1, columnTiles * max(1, tiles * groups) / wanted))
    }
    blockColumns = perBlock * tileColumns
    blocks = max(1, (columnTiles + perBlock - 1) / perBlock)
  }

  /// How tiles of a geometry find their input rows.
  static func reads(_ g: ConvolutionGeometry, quantum: Int) -> Rows {
    let channels = g.inputChannels / g.groups
    let few = channels < 32 || (channels % quantum != 0 && channels < 64)
    let adjacent = g.dilationWidth == 1 && g.groups == 1
    if g.isPointwise { return .direct }
    if g.kernelHeight * g.kernelWidth == 1 || !few { return .indirect }
    // A row of one tap needs no copy where it reaches into the padding, and has no room for one.
    if adjacent { return g.kernelWidth == 1 ? .indirect : .segments }
    return .packed
  }

  /// Whether a unit has all columns of its pixels.
  var holdsWholePixels: Bool { groups == 1 && blocks == 1 }

  /// Pieces of work.
  var units: Int { groups * blocks * tiles }

  /// Elements of weights in one panel of 16 columns.
  var panelElements: Int { taps * tapElements * 16 }

  /// Panels of one group.
  var panels: Int { (columns + 15) / 16 }

  /// Bytes of scratch that each thread needs: addresses, then copies.
  var slotBytes: Int { addressBytes + roundedUp(tileRows * taps * copyBytes + 64, to: 64) }

  /// Bytes of addresses in a slot.
  var addressBytes: Int { roundedUp(tileRows * taps * MemoryLayout<Int>.size, to: 64) }

  /// The pixels of tile `index`: all have as many, but for the last.
  @inline(__always) func tile(_ index: Int) -> Range<Int> {
    index &* tilePixels..<min(pixels, (index &+ 1) &* tilePixels)
  }
}
