package import CKernels

/// The function of a transform of weights; see `pare_winograd_weights_f32` in kernels.h.
package typealias WinogradWeightsFunctionF32 =
  @convention(c) (
    Int, Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int
  ) -> Void

/// The function of an input transform; see `pare_winograd_in_f32` in kernels.h.
package typealias WinogradInFunctionF32 =
  @convention(c) (
    UnsafePointer<pare_winograd>?, UnsafePointer<Float>?, UnsafePointer<Float>?, Int, Int,
    UnsafeMutablePointer<Float>?, Int
  ) -> Void

/// The function of an output transform; see `pare_winograd_out_f32` in kernels.h.
package typealias WinogradOutFunctionF32 =
  @convention(c) (
    UnsafePointer<pare_winograd>?, UnsafePointer<Float>?, Int, Int, Int, UnsafePointer<Float>?,
    UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Float, Float
  ) -> Void

/// A float convolution of 3x3 and stride 1 by Winograd's F(4x4, 3x3): a quarter of the products.
///
/// Tiles of 4x4 outputs are transformed, multiplied as 36 matrices, and transformed back, some tiles at
/// a time, so that all but the weights stays in the second-level cache. Transformed weights are four
/// times as large as weights: where it costs little beside the products, each run transforms them anew,
/// in scratch memory. After Lavin and Gray, "Fast
/// Algorithms for Convolutional Neural Networks" (2015).
struct WinogradF32: Sendable {
  private let geometry: ConvolutionGeometry
  private let weights: Kernel<WinogradWeightsFunctionF32>
  private let input: Kernel<WinogradInFunctionF32>
  private let output: Kernel<WinogradOutFunctionF32>
  /// The kernels of the 36 products: the first where the instruction set has one, else the second.
  private let rowProduct: Kernel<RowProductFunctionF32>?
  private let product: Kernel<ProductFunctionF32>
  /// Tiles of 4x4 outputs, and how many are transformed together.
  private let tiles: Int, together: Int
  /// Whether each run transforms the weights, which stay as they are.
  let keepsWeights: Bool

  /// Transformed weights may take this much: beyond, reading them costs what they save.
  private static let mostWeightBytes = 4 << 20
  /// Cycles that the transform of the weights of one pair of channels takes, measured.
  private static let weightCycles = 7.5
  /// The part of the time of a run that the transform of weights may take.
  private static let mostWeightPart = 0.12
  /// Transformed inputs and sums of the tiles of a block.
  private static let blockBytes = 400 << 10

  /// A plan for `g` where the kernels exist and an estimate of time says that it pays, or nil.
  init?(_ g: ConvolutionGeometry, isa: InstructionSet) {
    guard g.kernelHeight == 3, g.kernelWidth == 3, g.strideHeight == 1, g.strideWidth == 1,
      g.dilationHeight == 1, g.dilationWidth == 1, g.groups == 1, g.inputChannels >= 16,
      g.outputChannels >= 16, g.outputPixels > 0,
      max(g.padTop, g.padLeft, g.padBottom, g.padRight) <= 2
    else { return nil }
    guard
      let weights = KernelTable.best(
        .winogradWeightsF32, upTo: isa, as: WinogradWeightsFunctionF32.self),
      let input = KernelTable.best(.winogradInF32, upTo: isa, as: WinogradInFunctionF32.self),
      let output = KernelTable.best(.winogradOutF32, upTo: isa, as: WinogradOutFunctionF32.self)
    else { return nil }
    let tiles = g.batch * ((g.outputHeight + 3) / 4) * ((g.outputWidth + 3) / 4)
    let tileBytes =
      36 * 4 * (roundedUp(g.inputChannels, to: 16) + roundedUp(g.outputChannels, to: 16))
    let most = min(28, max(4, Self.blockBytes / tileBytes))
    let blocks = (tiles + most - 1) / most
    let pairs = g.inputChannels * roundedUp(g.outputChannels, to: 16)
    let cycles = Self.cycles(g, tiles: tiles, blocks: blocks)
    guard 36 * 4 * pairs <= Self.mostWeightBytes, cycles < Double(g.multiplyAccumulates) / 26
    else { return nil }
    geometry = g
    keepsWeights = Double(pairs) * Self.weightCycles < cycles * Self.mostWeightPart
    self.weights = weights
    self.tiles = tiles
    together = (tiles + blocks - 1) / blocks
    self.input = input
    self.output = output
    rowProduct = ProductPlan.rowKernel(
      pixels: together, columns: g.outputChannels, depth: g.inputChannels, isa: isa)
    product = ProductPlan.fastest(
      .igemmF32, upTo: isa, pixels: together, columns: g.outputChannels,
      reference: productReferenceF32)
  }

  /// An estimate for one core with AVX-512, whose parts were measured (other cores have the same ratios).
  ///
  /// Products near the limit of the core or of reading weights, then the transforms for each tile and 16
  /// channels.
  private static func cycles(_ g: ConvolutionGeometry, tiles: Int, blocks: Int) -> Double {
    let inputs = Double(roundedUp(g.inputChannels, to: 16))
    let outputs = Double(roundedUp(g.outputChannels, to: 16))
    let weightBytes = 36 * 4 * inputs * outputs
    let reading = weightBytes / (weightBytes < 800_000 ? 40 : 20) * Double(blocks)
    let products = max(36 * Double(tiles) * inputs * outputs / 26, reading)
    return products + Double(tiles) * (inputs * 12 + outputs * 9)
  }

  private var panels: Int { (geometry.outputChannels + 15) / 16 }
  private var lanesIn: Int { roundedUp(geometry.inputChannels, to: 16) }
  private var lanesOut: Int { panels * 16 }

  /// Floats of one of the 36 matrices of transformed weights, [panel][input channel][16], and from one to
  /// the next: a line of the cache more, or all would meet in the same few places of the cache.
  private var matrixFloats: Int { panels * geometry.inputChannels * 16 + 16 }

  /// Floats of transformed weights.
  private var transformedCount: Int { 36 * matrixFloats }

  /// The scratch memory that a run needs.
  var scratch: ScratchSize {
    ScratchSize(shared: keepsWeights ? transformedCount * 4 : 0, perThread: slotBytes)
  }

  /// Bytes of scratch that each thread needs.
  private var slotBytes: Int {
    36 * together * (lanesIn + lanesOut) * 4
      + roundedUp(product.rows * MemoryLayout<Int>.size, to: 64) + roundedUp(lanesOut * 4, to: 64)
  }

  /// The name of the kernel of the products.
  var productName: String { rowProduct?.name.string ?? product.name.string }

  /// The weights as `run` takes them: `packed`, in the `WeightOrder` of the geometry, or transformed.
  func prepared(_ packed: AlignedBytes) -> AlignedBytes {
    if keepsWeights { return packed }
    let transformed = AlignedBytes(transformedCount, of: Float.self)
    transform(packed.pointer(Float.self), panels: 0..<panels, to: transformed.pointer(Float.self))
    return transformed
  }

  /// Transforms `packed` weights to `transformed`, which holds those of before.
  func prepare(_ packed: AlignedBytes, to transformed: AlignedBytes, pool: ThreadPool) {
    pool.share(panels) { _, range in
      transform(packed.pointer(Float.self), panels: range, to: transformed.pointer(Float.self))
    }
  }

  /// Transforms the weights of some panels.
  private func transform(
    _ packed: UnsafePointer<Float>, panels: Range<Int>, to: UnsafeMutablePointer<Float>
  ) {
    let place = panels.lowerBound * geometry.inputChannels * 16
    weights.function(
      geometry.inputChannels, panels.count, packed + place * 9, to + place, matrixFloats)
  }

  /// Runs over all tiles; arguments as those of `ConvolutionF32`, with `prepared` weights.
  func run(
    input from: UnsafePointer<Float>, zero: UnsafePointer<Float>, prepared: UnsafePointer<Float>,
    bias: UnsafePointer<Float>, residual: UnsafePointer<Float>?,
    output to: UnsafeMutablePointer<Float>, pitch: Int, limits: (min: Float, max: Float),
    scratch: UnsafeMutableRawPointer, pool: ThreadPool
  ) {
    let g = geometry
    var transformed = prepared
    if keepsWeights {
      let memory = scratch.assumingMemoryBound(to: Float.self)
      pool.share(panels) { _, range in transform(prepared, panels: range, to: memory) }
      transformed = UnsafePointer(memory)
    }
    let slots = scratch + self.scratch.shared
    let sizes = pare_winograd(
      input_height: g.inputHeight, input_width: g.inputWidth, channels: g.inputChannels,
      output_height: g.outputHeight, output_width: g.outputWidth,
      output_channels: g.outputChannels, output_pitch: pitch, pad_top: g.padTop, pad_left: g.padLeft
    )
    let most = tilesPerBlock(threads: pool.threads)
    let blocks = (tiles + most - 1) / most
    let stepIn = together * lanesIn
    let stepOut = together * lanesOut
    pool.share(blocks) { thread, range in
      let slot = slots + thread * slotBytes
      let v = slot.assumingMemoryBound(to: Float.self)
      let m = v + 36 * stepIn
      let none = m + 36 * stepOut
      none.update(repeating: 0, count: lanesOut)
      let rows = UnsafeMutableRawPointer(none + roundedUp(lanesOut * 4, to: 64) / 4)
      for block in range {
        let first = block * most
        let count = min(most, tiles - first)
        withUnsafePointer(to: sizes) { sizes in
          input.function(sizes, from, zero, first, count, v, stepIn)
          for matrix in 0..<36 {
            multiply(
              v + matrix * stepIn, transformed + matrix * matrixFloats,
              m + matrix * stepOut, none, count, rows)
          }
          output.function(
            sizes, m, stepOut, first, count, bias, residual, to, limits.min, limits.max)
        }
      }
    }
  }

  /// Tiles of a block: as many blocks for each thread, so that all end together, but where they get too
  /// small for what reading the weights takes.
  private func tilesPerBlock(threads: Int) -> Int {
    let blocks = roundedUp((tiles + together - 1) / together, to: threads)
    return min(together, max(6, (tiles + blocks - 1) / blocks))
  }

  /// One of the 36 products, of `count` tiles.
  @inline(__always) private func multiply(
    _ v: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>,
    _ none: UnsafePointer<Float>, _ count: Int, _ rows: UnsafeMutableRawPointer
  ) {
    let panelElements = geometry.inputChannels * 16
    if let rowProduct {
      rowProduct.function(
        count, lanesOut, geometry.inputChannels, v, lanesIn, weights, panelElements, none, nil, m,
        lanesOut, -.infinity, .infinity)
      return
    }
    let addresses = rows.assumingMemoryBound(to: UnsafePointer<Float>?.self)
    // As many rows in each tile of the product, but for the last.
    let tileCount = (count + product.rows - 1) / product.rows
    let most = (count + tileCount - 1) / tileCount
    for tile in stride(from: 0, to: count, by: most) {
      let tileRows = min(most, count - tile)
      for row in 0..<tileRows { addresses[row] = v + (tile + row) * lanesIn }
      for column in stride(from: 0, to: lanesOut, by: product.columns) {
        product.function(
          tileRows, min(product.columns, lanesOut - column), 1, geometry.inputChannels, addresses,
          weights + column / 16 * panelElements, panelElements, none, nil,
          m + tile * lanesOut + column, lanesOut, -.infinity, .infinity)
      }
    }
  }
}
