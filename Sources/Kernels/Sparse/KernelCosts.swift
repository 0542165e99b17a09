/// What a product does beside what its geometry says.
package enum ProductWork: Hashable, Sendable {
  case dense
  /// With pixels in lanes: weights that are stored.
  case lanes(stored: Int)
  /// With outputs in lanes: steps over all panels, and segments that have any.
  case balanced(steps: Int, segments: Int)
}

/// What dense and sparse products cost, in cycles of one core, so that a plan takes the cheaper one.
///
/// The constants were measured by `pare bench --kernels` on a Zen 5 core with 512-bit vectors. Only
/// ratios matter: a narrower machine is slower at both.
package struct KernelCosts: Sendable {
  /// A multiply instruction of the dense product on a vector of 16 outputs.
  let denseStep: Double
  /// Storing 16 outputs of the dense product.
  let denseStore: Double
  /// A multiply instruction of the sparse product on a vector of 16 pixels, its load included.
  let sparseStep: Double
  /// Finding a stored weight and spreading it, for each tile.
  let sparseWeight: Double
  /// Beginning and ending the sums of an output in a chunk, for each vector, and once.
  let sparseSums: Double, sparseOutput: Double
  /// Transposing a row of 16 pixels.
  let transposition: Double
  /// Storing 16 sums of the sparse product, with their transposition.
  let sparseStore: Double

  /// A step of a balanced product on one pixel: a permutation and a multiply instruction, which share
  /// three pipes.
  let balancedStep: Double
  /// Beginning a segment of a balanced product in a tile, and a panel.
  let balancedSegment: Double, balancedPanel: Double
  /// Storing 16 outputs of the balanced product.
  let balancedStore: Double

  /// Reading 64 bytes of weights from the third-level cache, which bounds products of one pixel or two.
  private static let weightRead = 2.4
  /// Pixels from which on reading weights does not bound a product.
  static let fewestPixels = 5

  /// uint8 activations, int8 weights in quads.
  static let u8s8 = KernelCosts(
    denseStep: 0.52, denseStore: 4.5, sparseStep: 0.5, sparseWeight: 0.95, sparseSums: 1.6,
    sparseOutput: 2, transposition: 5.9, sparseStore: 4.3, balancedStep: 0.77, balancedSegment: 2,
    balancedPanel: 6, balancedStore: 3)
  /// Floats, which have no balanced product.
  static let f32 = KernelCosts(
    denseStep: 0.51, denseStore: 5.2, sparseStep: 0.5, sparseWeight: 0.97, sparseSums: 1.45,
    sparseOutput: 5.7, transposition: 4, sparseStore: 6.3, balancedStep: .infinity,
    balancedSegment: 0, balancedPanel: 0, balancedStore: 0)

  /// Cycles of the dense product.
  func dense(_ g: ConvolutionGeometry, rows: Int) -> Double {
    let (pixels, panels) = (Double(g.outputPixels), Double((g.outputChannels + 15) / 16))
    let step = max(pixels * denseStep, Self.weightRead)
    return panels * (Double(rows) * step + pixels * denseStore)
  }

  /// Cycles of the dense product of floats whose kernel has its steps in lanes: reading rows, then
  /// products, and adding up the lanes of each output.
  static func dots(_ g: ConvolutionGeometry) -> Double {
    let vectors = Double(g.inputChannels) / 16
    let outputs = Double(g.outputChannels)
    return Double(g.outputPixels) * (vectors * (2 + 0.55 * outputs) + outputs)
  }

  /// Cycles of the sparse product with `stored` weights.
  func sparse(_ plan: SparsePlan, stored: Int) -> Double {
    let (vectors, tiles) = (Double(plan.vectors), Double(plan.tiles))
    let outputs = Double(plan.outputs), chunks = Double(plan.chunks)
    return Double(stored) * (vectors * sparseStep + tiles * sparseWeight)
      + outputs * chunks * (vectors * sparseSums + tiles * sparseOutput)
      + vectors * Double(plan.rows) * transposition
      + vectors * Double(plan.panels) * 16 * sparseStore
  }

  /// Cycles of the balanced product with `steps` and `segments` over all panels and taps.
  func balanced(_ g: ConvolutionGeometry, steps: Int, segments: Int) -> Double {
    let (pixels, panels) = (Double(g.outputPixels), Double((g.outputChannels + 15) / 16))
    let tiles = Double((g.outputPixels + 13) / 14)
    // Choices are an eighth of what is read.
    let step = max(pixels * balancedStep, Self.weightRead * 1.125)
    return Double(steps) * step + pixels * panels * balancedStore
      + tiles * (Double(segments) * balancedSegment + panels * balancedPanel)
  }

  /// What Winograd's products take of the time of direct ones.
  private static let winograd = 0.65

  /// Whether the sparse product is expected to be faster than the dense one, which may be Winograd's.
  func prefersSparse(
    _ g: ConvolutionGeometry, _ plan: SparsePlan, stored: Int, hasWinograd: Bool = false,
    hasDots: Bool = false
  ) -> Bool {
    let direct = hasDots ? Self.dots(g) : dense(g, rows: plan.rows)
    return sparse(plan, stored: stored) < (hasWinograd ? direct * Self.winograd : direct)
  }
}
