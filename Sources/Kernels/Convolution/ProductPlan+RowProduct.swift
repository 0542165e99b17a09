import CKernels

extension ProductPlan {
  /// The most bytes of rows that one call of a row product takes: they stay in the caches next to the
  /// core, and panels of weights are read once for all of them.
  private static let callBytes = 64 * 1024

  /// The kernel for a product of rows at regular steps, or nil where the geometry is none or has but one
  /// row, or where the instruction set has no such kernel; with a name, that line of the table alone.
  static func rowKernel(
    _ g: ConvolutionGeometry, isa: InstructionSet, named name: String?
  ) -> Kernel<RowProductFunctionF32>? {
    guard g.isPointwise, g.groups == 1 else { return nil }
    return rowKernel(
      pixels: g.outputPixels, columns: g.outputChannels, depth: g.inputChannels, isa: isa,
      named: name)
  }

  /// Whether the kernel for these sizes has its steps in lanes: of so few outputs, a tile is mostly empty.
  static func takesDots(_ g: ConvolutionGeometry, isa: InstructionSet) -> Bool {
    g.outputChannels <= pare_gemm_dot_outputs && g.inputChannels % 16 == 0
      && g.inputChannels <= pare_gemm_dot_depth && rowKernel(g, isa: isa, named: nil) != nil
  }

  /// The kernel for a product of `pixels` rows of `depth` elements.
  static func rowKernel(
    pixels: Int, columns: Int, depth: Int, isa: InstructionSet, named name: String? = nil
  ) -> Kernel<RowProductFunctionF32>? {
    guard pixels > 1 else { return nil }
    let kernels = KernelTable.vectors(
      .gemmF32, as: RowProductFunctionF32.self, upTo: isa, named: name)
    return kernels.min {
      rowCost(pixels: pixels, columns: columns, depth: depth, $0)
        < rowCost(pixels: pixels, columns: columns, depth: depth, $1)
    }
  }

  /// As `cost`, with what reading panels takes that do not stay in the first-level cache: the wider the
  /// tile, the more.
  private static func rowCost<Function>(
    pixels: Int, columns: Int, depth: Int, _ kernel: Kernel<Function>
  ) -> Double {
    let panels = min(kernel.columns, columns + 15) / 16
    let cost = cost(pixels: pixels, columns: columns, tile: (kernel.rows, kernel.columns))
    let isFar = depth * panels * 64 > 128 * 1024
    return cost * (isFar ? 1 + 0.02 * Double(panels) : 1)
  }

  /// Calls `body` with a block of columns and as many rows as one call takes, for all units of `range`.
  @inline(__always) func forEachRows(
    _ range: Range<Int>, _ body: (_ columns: Range<Int>, _ pixels: Range<Int>) -> Void
  ) {
    let most = max(1, Self.callBytes / max(1, tapElements * 4 * tilePixels))
    var index = range.lowerBound
    while index < range.upperBound {
      let (block, tile) = index.quotientAndRemainder(dividingBy: tiles)
      let count = min(most, range.upperBound - index, tiles - tile)
      let first = block * blockColumns
      body(
        first..<min(columns, first + blockColumns),
        tile * tilePixels..<min(pixels, (tile + count) * tilePixels))
      index += count
    }
  }
}
