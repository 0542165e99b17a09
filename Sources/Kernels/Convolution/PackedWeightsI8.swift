/// The int8 weights of a convolution in the order of its kernel, with the sums of each channel.
final class PackedWeightsI8: Sendable {
  enum Shape: Sendable {
    case product(ProductPlan, Kernel<ProductFunctionU8S8>)
    case depthwise(Kernel<DepthwiseFunctionU8S8>)
    case rows(DepthwiseRows, Kernel<DepthwiseRowFunctionU8S8>)
    case sparse(SparseProduct, Kernel<SparseFunctionU8S8>, Kernel<FinishFunctionU8S8>)
    case balanced(ProductPlan, BalancedWeights, Kernel<BalancedFunctionU8S8>)

    /// What the kernel takes away from activations.
    var activationOffset: Int32 {
      switch self {
      case .product(_, let kernel): kernel.isa.activationOffset
      case .depthwise(let kernel): kernel.isa.activationOffset
      case .rows(_, let kernel): kernel.isa.activationOffset
      case .sparse(_, let kernel, _): kernel.isa.activationOffset
      case .balanced(_, _, let kernel): kernel.isa.activationOffset
      }
    }
  }

  let geometry: ConvolutionGeometry
  let shape: Shape
  let window: Window
  let weights: AlignedBytes
  /// The sum of the weights of each output channel, as Int32; nil where no start value needs it.
  let sums: AlignedBytes?
  /// Bytes of scratch that each thread needs.
  let slotBytes: Int

  /// Packs `weights`; `zeroPoint` is that of the inputs, or nil where it is known at run time only.
  init(
    _ geometry: ConvolutionGeometry, weights: UnsafePointer<Int8>, form: WeightForm,
    zeroPoint: UInt8?, isa: InstructionSet, kernel name: String? = nil,
    sparsity: SparseChoice = .automatic
  ) {
    let g = geometry
    precondition(g.depth <= 66_000, "at most 66,000 products make one int32 sum")
    self.geometry = g
    window = Window(g, elementBytes: 1)
    (shape, self.weights, slotBytes) = Self.pack(g, weights, form, isa, name, sparsity)
    // Sums of weights make up for a zero point; where it is zero they are not worth another pass.
    if let zeroPoint, Int32(zeroPoint) == shape.activationOffset {
      sums = nil
      return
    }
    let sums = AlignedBytes(g.outputChannels, of: Int32.self)
    self.sums = sums
    if form == .packed {
      WeightOrder(g, quantum: 4).addUp(weights, to: sums.pointer(Int32.self))
    } else {
      for output in 0..<g.outputChannels {
        sums.pointer(Int32.self)[output] = sum(weights + output * g.depth, count: g.depth)
      }
    }
  }

  /// Chooses a kernel and brings the weights into its order.
  private static func pack(
    _ g: ConvolutionGeometry, _ weights: UnsafePointer<Int8>, _ form: WeightForm,
    _ isa: InstructionSet, _ name: String?, _ sparsity: SparseChoice
  ) -> (shape: Shape, weights: AlignedBytes, slotBytes: Int) {
    if let rows = DepthwiseRows(g, elementBytes: 1) {
      let kernel = KernelTable.best(.dwrowU8S8, upTo: isa, reference: depthwiseRowReferenceU8S8)
      let size = g.kernelWidth
      let packed = AlignedBytes((g.outputChannels + 63) / 64 * ((size + 3) / 4) * size * 256)
      DepthwiseOrder.packRows(
        weights, channels: g.outputChannels, kernel: size, to: packed.pointer(Int8.self))
      return (.rows(rows, kernel), packed, rows.slotBytes)
    }
    if g.isDepthwise {
      let kernel = KernelTable.best(.dwconvU8S8, upTo: isa, reference: depthwiseReferenceU8S8)
      let taps = g.depth
      let packed = AlignedBytes((g.outputChannels + 63) / 64 * ((taps + 3) / 4) * 256)
      DepthwiseOrder.packTaps(
        weights, channels: g.outputChannels, taps: taps, to: packed.pointer(Int8.self))
      let slotBytes = roundedUp(kernel.rows * taps * MemoryLayout<Int>.size, to: 64)
      return (.depthwise(kernel), packed, slotBytes)
    }
    switch sparsity.form(g, weights: weights, form: form, isa: isa) {
    case .lanes(let plan)?:
      let kernel = KernelTable.best(.spmmU8S8, upTo: isa, reference: sparseReferenceU8S8)
      let product = SparseProduct(
        plan, SparseStreams(plan, g, quads: weights), isa: isa,
        takesSignedBytes: kernel.isa.activationOffset != 0)
      let finish = KernelTable.best(.finishU8S8, upTo: isa, reference: finishReferenceU8S8)
      return (.sparse(product, kernel, finish), AlignedBytes(0), product.slotBytes)
    case .balanced(let blocks)?:
      let kernel = KernelTable.best(.bsgemmU8S8, upTo: isa, reference: balancedReferenceU8S8)
      let plan = ProductPlan(g, tile: (kernel.rows, kernel.columns), elementBytes: 1, quantum: 4)
      let balanced = BalancedWeights(g, weights: weights, blocks)
      return (.balanced(plan, balanced, kernel), AlignedBytes(0), plan.slotBytes)
    case nil: break
    }
    let kernel = ProductPlan.fastest(
      .igemmU8S8, upTo: isa, named: name, pixels: g.outputPixels,
      columns: g.outputChannels / g.groups, reference: productReferenceU8S8)
    let plan = ProductPlan(g, tile: (kernel.rows, kernel.columns), elementBytes: 1, quantum: 4)
    let order = WeightOrder(g, quantum: 4)
    if form == .packed {
      return (
        .product(plan, kernel), AlignedBytes(window: weights, count: order.count), plan.slotBytes
      )
    }
    let packed = AlignedBytes(order.count)
    order.pack(weights, to: packed.pointer(Int8.self))
    return (.product(plan, kernel), packed, plan.slotBytes)
  }

  /// Whether pixels of the output may lie further apart than their channels take.
  var takesPitch: Bool { if case .rows = shape { false } else { true } }

  /// Whether a run widens a `WrittenRange`: it does where tiles hold whole pixels, so that they are read in
  /// one go.
  var tellsRange: Bool {
    switch shape {
    case .product(let plan, _), .balanced(let plan, _, _): plan.holdsWholePixels
    case .depthwise, .rows: true
    case .sparse: false
    }
  }

  var kernelName: String {
    switch shape {
    case .product(_, let kernel): kernel.name.string
    case .depthwise(let kernel): kernel.name.string
    case .rows(_, let kernel): kernel.name.string
    case .sparse(_, let kernel, _): kernel.name.string
    case .balanced(_, _, let kernel): kernel.name.string
    }
  }

  /// Input zero points that a run needs: a pixel, or a row of them.
  var zeroElements: Int {
    if case .rows(let rows, _) = shape { rows.zeroElements } else { geometry.inputChannels }
  }

  /// Words of constants: 48 for each block of 16 channels, as the kernel counts them.
  var constantWords: Int {
    switch shape {
    case .product(let plan, _): geometry.groups * plan.panels * 48
    case .balanced(let plan, _, _): plan.panels * 48
    case .depthwise, .rows: (geometry.outputChannels + 63) / 64 * 192
    case .sparse(let product, _, _): product.plan.panels * 48
    }
  }

  /// Writes the constants of every output channel into zeroed `words`.
  func fillConstants(
    _ words: UnsafeMutablePointer<Int32>, weightScales: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, inputScale: Float, inputZeroPoint: UInt8,
    output: ConvolutionI8.Output
  ) {
    fillConstants(
      words, weightScales: weightScales, bias: bias, inputScale: inputScale,
      kernelZeroPoint: Int32(inputZeroPoint) - shape.activationOffset, output: output)
  }

  /// The same for a zero point of activations as the kernel takes them.
  func fillConstants(
    _ words: UnsafeMutablePointer<Int32>, weightScales: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, inputScale: Float, kernelZeroPoint zero: Int32,
    output: ConvolutionI8.Output
  ) {
    let sums = self.sums.map { UnsafePointer($0.pointer(Int32.self)) }
    func fill(_ channel: Int, _ block: Int, _ lane: Int) {
      OutputConstants(
        weightSum: sums?[channel] ?? 0, weightScale: weightScales[channel],
        bias: bias?[channel] ?? 0, inputScale: inputScale, inputZeroPoint: zero, output: output
      ).store(to: words, block: block, lane: lane)
    }
    switch shape {
    case .product(let plan, _):
      for group in 0..<geometry.groups {
        for column in 0..<plan.columns {
          fill(group * plan.columns + column, group * plan.panels + column / 16, column % 16)
        }
      }
    case .depthwise, .rows:
      for channel in 0..<geometry.outputChannels {
        let (vector, lane) = DepthwiseOrder.place(of: channel)
        fill(channel, vector, lane)
      }
    case .sparse, .balanced:
      for channel in 0..<geometry.outputChannels { fill(channel, channel / 16, channel % 16) }
    }
  }

  /// Whether sums times factors, of `words` that are constants of a uint8 output, stay within 31 bits.
  func staysWithin31Bits(_ words: UnsafePointer<Int32>) -> Bool {
    let products = Double(geometry.depth) * 255 * 127
    return (0..<constantWords / 48).allSatisfy { block in
      (0..<16).allSatisfy { lane in
        let start = Double(words[block * 48 + lane].magnitude)
        let factor = Float(bitPattern: UInt32(bitPattern: words[block * 48 + 16 + lane]))
        return Double(factor) * (start + products) < 0x1p30
      }
    }
  }
}
