/// The int8 weights of a convolution in the order of its kernel, with the sums of each channel.
final class PackedWeightsI8: Sendable {
  enum Shape: Sendable {
    case product(ProductPlan, Kernel<ProductFunctionU8S8>)
    case depthwise(Kernel<DepthwiseFunctionU8S8>)
    case rows(DepthwiseRows, Kernel<DepthwiseRowFunctionU8S8>)
    case sparse(SparseProduct, Kernel<SparseFunctionU8S8>, Kernel<FinishFunctionU8S8>)
    case balanced(ProductPlan, BalancedWeights, Kernel<BalancedFunctionU8S8>)
  }

  let geometry: ConvolutionGeometry
  let shape: Shape
  let window: Window
  let weights: AlignedBytes
  /// The sum of the weights of each output channel, as Int32.
  let sums: AlignedBytes
  /// Bytes of scratch that each thread of a run needs.
  let threadBytes: Int

  init(
    _ geometry: ConvolutionGeometry, weights: UnsafePointer<Int8>, form: WeightForm,
    isa: InstructionSet, kernel name: String? = nil, sparsity: SparseChoice = .automatic
  ) {
    let g = geometry
    precondition(g.depth <= 66_000, "at most 66,000 products make one int32 sum")
    self.geometry = g
    window = Window(g, elementBytes: 1)
    sums = AlignedBytes(g.outputChannels, of: Int32.self)
    let sums = sums.pointer(Int32.self)
    if form != .packed {
      for output in 0..<g.outputChannels {
        sums[output] = sum(weights + output * g.depth, count: g.depth)
      }
    }
    if let rows = DepthwiseRows(g, elementBytes: 1) {
      let kernel = KernelTable.best(.dwrowU8S8, upTo: isa, reference: depthwiseRowReferenceU8S8)
      shape = .rows(rows, kernel)
      let size = g.kernelWidth
      self.weights = AlignedBytes((g.outputChannels + 63) / 64 * ((size + 3) / 4) * size * 256)
      let packed = self.weights.pointer(Int8.self)
      DepthwiseOrder.packRows(weights, channels: g.outputChannels, kernel: size, to: packed)
      threadBytes = rows.slotBytes
      return
    }
    if g.isDepthwise {
      let kernel = KernelTable.best(.dwconvU8S8, upTo: isa, reference: depthwiseReferenceU8S8)
      shape = .depthwise(kernel)
      let taps = g.depth
      self.weights = AlignedBytes((g.outputChannels + 63) / 64 * ((taps + 3) / 4) * 256)
      let packed = self.weights.pointer(Int8.self)
      DepthwiseOrder.packTaps(weights, channels: g.outputChannels, taps: taps, to: packed)
      threadBytes = roundedUp(kernel.rows * taps * MemoryLayout<Int>.size, to: 64)
      return
    }
    switch sparsity.form(g, weights: weights, form: form, isa: isa) {
    case .lanes(let plan)?:
      let kernel = KernelTable.best(.spmmU8S8, upTo: isa, reference: sparseReferenceU8S8)
      let product = SparseProduct(
        plan, SparseStreams(plan, g, quads: weights), isa: isa,
        takesSignedBytes: kernel.isa.activationOffset != 0)
      let finish = KernelTable.best(.finishU8S8, upTo: isa, reference: finishReferenceU8S8)
      shape = .sparse(product, kernel, finish)
      self.weights = AlignedBytes(0)
      threadBytes = product.slotBytes
      return
    case .balanced(let blocks)?:
      let kernel = KernelTable.best(.bsgemmU8S8, upTo: isa, reference: balancedReferenceU8S8)
      let plan = ProductPlan(g, tile: (kernel.rows, kernel.columns), elementBytes: 1, quantum: 4)
      shape = .balanced(plan, BalancedWeights(g, weights: weights, blocks), kernel)
      self.weights = AlignedBytes(0)
      threadBytes = plan.slotBytes
      return
    case nil: break
    }
    let columns = g.outputChannels / g.groups
    let kernel = ProductPlan.fastest(
      of: KernelTable.candidates(
        .igemmU8S8, upTo: isa, named: name, reference: productReferenceU8S8),
      pixels: g.outputPixels, columns: columns, otherwise: productReferenceU8S8)
    let plan = ProductPlan(g, tile: (kernel.rows, kernel.columns), elementBytes: 1, quantum: 4)
    shape = .product(plan, kernel)
    let order = WeightOrder(g, quantum: 4)
    if form == .packed {
      self.weights = AlignedBytes(window: weights, count: order.count)
      order.addUp(weights, to: sums)
    } else {
      self.weights = AlignedBytes(order.count)
      order.pack(weights, to: self.weights.pointer(Int8.self))
    }
    threadBytes = plan.slotBytes
  }

  /// Bytes of scratch that a run needs with any number of threads.
  var scratchBytes: Int { ThreadPool.maximumThreads * threadBytes }

  /// Whether pixels of the output may lie further apart than their channels take.
  var takesPitch: Bool { if case .rows = shape { false } else { true } }

  var kernelName: String {
    switch shape {
    case .product(_, let kernel): kernel.name.string
    case .depthwise(let kernel): kernel.name.string
    case .rows(_, let kernel): kernel.name.string
    case .sparse(_, let kernel, _): kernel.name.string
    case .balanced(_, _, let kernel): kernel.name.string
    }
  }

  /// What the kernel takes away from activations.
  private var activationOffset: Int32 {
    switch shape {
    case .product(_, let kernel): kernel.isa.activationOffset
    case .depthwise(let kernel): kernel.isa.activationOffset
    case .rows(_, let kernel): kernel.isa.activationOffset
    case .sparse(_, let kernel, _): kernel.isa.activationOffset
    case .balanced(_, _, let kernel): kernel.isa.activationOffset
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
    let sums = sums.pointer(Int32.self)
    for channel in 0..<geometry.outputChannels {
      let constants = OutputConstants(
        weightSum: sums[channel], weightScale: weightScales[channel], bias: bias?[channel] ?? 0,
        inputScale: inputScale, inputZeroPoint: Int32(inputZeroPoint) - activationOffset,
        output: output)
      switch shape {
      case .product(let plan, _):
        let column = channel % plan.columns
        constants.store(
          to: words, block: channel / plan.columns * plan.panels + column / 16, lane: column % 16)
      case .depthwise, .rows:
        let (vector, lane) = DepthwiseOrder.place(of: channel)
        constants.store(to: words, block: vector, lane: lane)
      case .sparse, .balanced:
        constants.store(to: words, block: channel / 16, lane: channel % 16)
      }
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
