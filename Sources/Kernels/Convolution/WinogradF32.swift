package import CKernels

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
/// a time, so that all but the weights stays in the second-level cache. After Lavin and Gray, "Fast
/// Algorithms for Convolutional Neural Networks" (2015).
struct WinogradF32: Sendable {
  private let geometry: ConvolutionGeometry
  private let input: Kernel<WinogradInFunctionF32>
  private let output: Kernel<WinogradOutFunctionF32>
  /// The kernels of the 36 products: the first where the instruction set has one, else the second.
  private let rowProduct: Kernel<RowProductFunctionF32>?
  private let product: Kernel<ProductFunctionF32>
  /// Tiles of 4x4 outputs, and how many are transformed together.
  private let tiles: Int, together: Int

  /// Transformed weights may take this much: beyond, reading them costs what they save.
  private static let mostWeightBytes = 4 << 20
  /// Transformed inputs and sums of the tiles of a block.
  private static let blockBytes = 400 << 10

  /// A plan for `g` where the kernels exist and an estimate of time says that it pays, or nil.
  init?(_ g: ConvolutionGeometry, isa: InstructionSet) {
    guard g.kernelHeight == 3, g.kernelWidth == 3, g.strideHeight == 1, g.strideWidth == 1,
      g.dilationHeight == 1, g.dilationWidth == 1, g.groups == 1, g.inputChannels >= 16,
      g.outputChannels >= 16, g.outputPixels > 0,
      max(g.padTop, g.padLeft, g.padBottom, g.padRight) <= 2
    else { return nil }
    let transforms = KernelTable.all(.winogradInF32, as: WinogradInFunctionF32.self)
    let back = KernelTable.all(.winogradOutF32, as: WinogradOutFunctionF32.self)
    guard let input = transforms.last(where: { isa.includes($0.isa) && $0.isa.isAvailable }),
      let output = back.last(where: { isa.includes($0.isa) && $0.isa.isAvailable })
    else { return nil }
    let tiles = g.batch * ((g.outputHeight + 3) / 4) * ((g.outputWidth + 3) / 4)
    let tileBytes =
      36 * 4 * (roundedUp(g.inputChannels, to: 16) + roundedUp(g.outputChannels, to: 16))
    let most = min(28, max(4, Self.blockBytes / tileBytes))
    let blocks = (tiles + most - 1) / most
    guard 36 * 4 * g.inputChannels * roundedUp(g.outputChannels, to: 16) <= Self.mostWeightBytes,
      Self.cycles(g, tiles: tiles, blocks: blocks) < Double(g.multiplyAccumulates) / 26
    else { return nil }
    geometry = g
    self.tiles = tiles
    together = (tiles + blocks - 1) / blocks
    self.input = input
    self.output = output
    rowProduct = ProductPlan.rowKernel(
      pixels: together, columns: g.outputChannels, depth: g.inputChannels, isa: isa)
    product = ProductPlan.fastest(
      of: KernelTable.candidates(.igemmF32, upTo: isa, reference: productReferenceF32),
      pixels: together, columns: g.outputChannels, otherwise: productReferenceF32)
  }

  /// An estimate for one core with AVX-512, whose parts were measured (other cores have the same ratios): products near the limit of the
  /// core or of reading weights, then the transforms for each tile and 16 channels.
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

  /// Floats of transformed weights: [36][panel][input channel][16].
  var weightCount: Int { 36 * panels * geometry.inputChannels * 16 }

  /// Bytes of scratch that each thread of a run needs.
  var slotBytes: Int {
    36 * together * (lanesIn + lanesOut) * 4
      + roundedUp(product.rows * MemoryLayout<Int>.size, to: 64) + roundedUp(lanesOut * 4, to: 64)
  }

  /// The name of the kernel of the products.
  var productName: String { rowProduct?.name.string ?? product.name.string }

  /// Transforms `weights`, [output][input][3][3] or in the `WeightOrder` of the geometry, to `packed`,
  /// in double precision.
  func pack(
    _ weights: UnsafePointer<Float>, form: WeightForm, to packed: UnsafeMutablePointer<Float>
  ) {
    let inputs = geometry.inputChannels
    let step = form == .packed ? inputs * 16 : 1
    var half = (0..<18).map { _ in 0.0 }
    for output in 0..<geometry.outputChannels {
      for input in 0..<inputs {
        let place = output / 16 * inputs * 16 + input * 16 + output % 16
        let w =
          form == .packed
          ? weights + (output / 16 * inputs * 128 + place) : weights + (output * inputs + input) * 9
        for column in 0..<3 {
          Self.transform(
            Double(w[column * step]), Double(w[(3 + column) * step]),
            Double(w[(6 + column) * step])
          ) { half[$0 * 3 + column] = $1 }
        }
        for row in 0..<6 {
          Self.transform(half[row * 3], half[row * 3 + 1], half[row * 3 + 2]) {
            packed[(row * 6 + $0) * panels * inputs * 16 + place] = Float($1)
          }
        }
      }
    }
  }

  @inline(__always) private static func transform(
    _ a: Double, _ b: Double, _ c: Double, _ store: (Int, Double) -> Void
  ) {
    store(0, a / 4)
    store(1, -(a + b + c) / 6)
    store(2, -(a - b + c) / 6)
    store(3, (a + 2 * b + 4 * c) / 24)
    store(4, (a - 2 * b + 4 * c) / 24)
    store(5, c)
  }

  /// Runs over all tiles; arguments as those of `ConvolutionF32`, with `packed` weights.
  func run(
    input from: UnsafePointer<Float>, zero: UnsafePointer<Float>, packed: UnsafePointer<Float>,
    bias: UnsafePointer<Float>, residual: UnsafePointer<Float>?,
    output to: UnsafeMutablePointer<Float>, pitch: Int, limits: (min: Float, max: Float),
    scratch: UnsafeMutableRawPointer, pool: ThreadPool
  ) {
    let g = geometry
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
      let slot = scratch + thread * slotBytes
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
              v + matrix * stepIn, packed + matrix * panels * g.inputChannels * 16,
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
