/// A float convolution with constant weights, channels last, made once and run often.
///
/// Computes `clamp(bias + residual + sum of input * weights)`. Runs on the same object may overlap in
/// time, each with its own scratch. Every activation buffer must have 64 readable bytes after its end.
/// Rounding differs between instruction sets, but not between runs or numbers of threads.
public final class ConvolutionF32: Sendable {
  /// The sizes.
  public let geometry: ConvolutionGeometry
  /// Bytes of scratch that each thread of a run needs, a multiple of 64; they lie one behind the other.
  public let threadBytes: Int
  /// Bytes of scratch that a run needs with any number of threads, aligned to 64.
  public var scratchBytes: Int { ThreadPool.maximumThreads * threadBytes }

  private enum Shape: Sendable {
    case product(ProductPlan, Kernel<ProductFunctionF32>)
    case depthwise(Kernel<DepthwiseFunctionF32>)
    case rows(DepthwiseRows, Kernel<DepthwiseRowFunctionF32>)
    case winograd(WinogradF32)
    case sparse(SparseProduct, Kernel<SparseFunctionF32>, Kernel<FinishFunctionF32>)
  }

  private let shape: Shape
  private let window: Window
  private let weights: AlignedBytes
  private let bias: AlignedBytes
  private let zero: AlignedBytes
  private let limits: (min: Float, max: Float)

  /// The name of the kernel that runs, which states types, tile and instruction set.
  public var kernelName: String {
    switch shape {
    case .product(_, let kernel): kernel.name.string
    case .depthwise(let kernel): kernel.name.string
    case .rows(_, let kernel): kernel.name.string
    case .winograd(let winograd): "winograd 4x4 " + winograd.product.name.string
    case .sparse(_, let kernel, _): kernel.name.string
    }
  }

  /// What one run reads of weights, and the part of the products that it does.
  public var work: PackedWork {
    if case .sparse(let product, _, _) = shape {
      return PackedWork(bytes: product.work.bytes + bias.count, density: product.work.density)
    }
    return PackedWork(bytes: weights.count + bias.count, density: 1)
  }

  /// A convolution with weights [output][input / groups][row][column] and one bias per output channel,
  /// both copied; `clamp` is infinite where there is no bound, `form` tells of weights that need not be
  /// copied.
  public convenience init(
    _ geometry: ConvolutionGeometry, weights: UnsafePointer<Float>,
    form: WeightForm = .plain(nonzero: nil), bias: UnsafePointer<Float>?,
    clamp: (min: Float, max: Float) = (-.infinity, .infinity), isa: InstructionSet = .best
  ) {
    self.init(
      geometry, weights: weights, form: form, bias: bias, clamp: clamp, isa: isa, kernel: nil)
  }

  /// The same with one line of the kernel table, where it applies.
  package init(
    _ geometry: ConvolutionGeometry, weights: UnsafePointer<Float>,
    form: WeightForm = .plain(nonzero: nil), bias: UnsafePointer<Float>?,
    clamp: (min: Float, max: Float), isa: InstructionSet, kernel name: String?,
    sparsity: SparseChoice = .automatic
  ) {
    let g = geometry
    self.geometry = g
    limits = clamp
    window = Window(g, elementBytes: 4)
    let depthwiseRows = DepthwiseRows(g, elementBytes: 4)
    zero = AlignedBytes(
      depthwiseRows == nil ? g.inputChannels : DepthwiseRows.zeroElements(g), of: Float.self)
    let taps = g.kernelHeight * g.kernelWidth
    if g.isDepthwise {
      self.weights = AlignedBytes(roundedUp(g.inputChannels, to: 16) * taps, of: Float.self)
      let packed = self.weights.pointer(Float.self)
      for channel in 0..<g.inputChannels {
        for tap in 0..<taps {
          packed[(channel / 16 * taps + tap) * 16 + channel % 16] = weights[channel * taps + tap]
        }
      }
      self.bias = AlignedBytes(roundedUp(g.outputChannels, to: 16), of: Float.self)
      if let bias { self.bias.pointer(Float.self).update(from: bias, count: g.outputChannels) }
      if let rows = depthwiseRows {
        shape = .rows(
          rows, KernelTable.best(.dwrowF32, upTo: isa, reference: depthwiseRowReferenceF32))
        threadBytes = rows.slotBytes
      } else {
        let kernel = KernelTable.best(.dwconvF32, upTo: isa, reference: depthwiseReferenceF32)
        shape = .depthwise(kernel)
        threadBytes = roundedUp(kernel.rows * taps * MemoryLayout<Int>.size, to: 64)
      }
      return
    }
    if let plan = sparsity.plan(g, weights: weights, form: form, isa: isa) {
      let product = SparseProduct(plan, SparseStreams(plan, g, weights: weights), isa: isa)
      shape = .sparse(
        product, KernelTable.best(.spmmF32, upTo: isa, reference: sparseReferenceF32),
        KernelTable.best(.finishF32, upTo: isa, reference: finishReferenceF32))
      self.weights = AlignedBytes(0)
      self.bias = AlignedBytes(plan.panels * 16, of: Float.self)
      if let bias { self.bias.pointer(Float.self).update(from: bias, count: g.outputChannels) }
      threadBytes = product.slotBytes
      return
    }
    if name == nil, form != .packed, let winograd = WinogradF32(g, isa: isa) {
      shape = .winograd(winograd)
      self.weights = AlignedBytes(winograd.weightCount, of: Float.self)
      winograd.pack(weights, form: form, to: self.weights.pointer(Float.self))
      self.bias = AlignedBytes(roundedUp(g.outputChannels, to: 16), of: Float.self)
      if let bias { self.bias.pointer(Float.self).update(from: bias, count: g.outputChannels) }
      threadBytes = winograd.slotBytes
      return
    }
    let columns = g.outputChannels / g.groups
    let kernel = ProductPlan.fastest(
      of: KernelTable.candidates(.igemmF32, upTo: isa, named: name, reference: productReferenceF32),
      pixels: g.outputPixels, columns: columns, otherwise: productReferenceF32)
    let plan = ProductPlan(g, tile: (kernel.rows, kernel.columns), elementBytes: 4, quantum: 1)
    shape = .product(plan, kernel)
    self.bias = AlignedBytes(g.groups * plan.panels * 16, of: Float.self)
    let order = WeightOrder(g, quantum: 1)
    if form == .packed {
      self.weights = AlignedBytes(window: weights, count: order.count * 4)
    } else {
      self.weights = AlignedBytes(order.count, of: Float.self)
      order.pack(weights, to: self.weights.pointer(Float.self))
    }
    if let bias {
      let to = self.bias.pointer(Float.self)
      for output in 0..<g.outputChannels {
        to[output / columns * plan.panels * 16 + output % columns] = bias[output]
      }
    }
    threadBytes = plan.slotBytes
  }

  /// The order in which kernels of `isa` read dense weights, or nil where they have one of their own:
  /// depthwise ones, and those of Winograd, which transform them.
  public static func weightOrder(
    _ geometry: ConvolutionGeometry, isa: InstructionSet = .best
  ) -> WeightOrder? {
    geometry.isDepthwise || WinogradF32(geometry, isa: isa) != nil
      ? nil : WeightOrder(geometry, quantum: 1)
  }

  /// Whether pixels of the output may lie further apart than their channels take.
  public var takesPitch: Bool { if case .rows = shape { false } else { true } }

  /// Computes `output` ([batch][row][column][channel]) from `input`; `residual` has the shape of the
  /// output, may be the output itself, and is added before the clamp.
  ///
  /// Pixels of the output lie `pitch` floats apart, where there is no residual and `takesPitch`, or one
  /// behind the other.
  public func run(
    input: UnsafePointer<Float>, residual: UnsafePointer<Float>? = nil,
    output: UnsafeMutablePointer<Float>, pitch: Int? = nil, scratch: UnsafeMutableRawPointer,
    pool: ThreadPool
  ) {
    let pitch = pitch ?? geometry.outputChannels
    switch shape {
    case .product(let plan, let kernel):
      product(plan, kernel, input, residual, output, pitch, scratch, pool)
    case .depthwise(let kernel):
      depthwise(kernel, input, residual, output, pitch, scratch, pool)
    case .winograd(let winograd):
      winograd.run(
        input: input, zero: zero.pointer(Float.self), packed: weights.pointer(Float.self),
        bias: bias.pointer(Float.self), residual: residual, output: output, pitch: pitch,
        limits: limits,
        scratch: scratch, pool: pool)
    case .sparse(let product, let kernel, let finish):
      sparse(product, kernel, finish, input, residual, output, pitch, scratch, pool)
    case .rows(let rows, let kernel):
      pool.share(rows.units) { thread, range in
        let slot = scratch + thread * rows.slotBytes
        for index in range {
          rows.withRows(index, of: input, zero: zero.base, slot: slot) { rows, at in
            kernel.function(
              rows, weights.pointer(Float.self), bias.pointer(Float.self),
              residual.map { $0 + at }, output + at, limits.min, limits.max)
          }
        }
      }
    }
  }

  private func product(
    _ plan: ProductPlan, _ kernel: Kernel<ProductFunctionF32>, _ input: UnsafePointer<Float>,
    _ residual: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>,
    _ pitch: Int, _ scratch: UnsafeMutableRawPointer, _ pool: ThreadPool
  ) {
    let weights = UnsafePointer(self.weights.pointer(Float.self))
    let bias = UnsafePointer(self.bias.pointer(Float.self))
    pool.share(plan.units) { thread, range in
      let slot = scratch + thread * plan.slotBytes
      let rows = UnsafePointer(slot.assumingMemoryBound(to: UnsafePointer<Float>?.self))
      plan.forEachUnit(range) { group, columns, pixels in
        plan.addresses(
          input: input, geometry: geometry, window: window, zero: zero.base, group: group,
          pixels: pixels, elementBytes: 4, slot: slot)
        for column in stride(from: columns.lowerBound, to: columns.upperBound, by: kernel.columns) {
          let panel = group * plan.panels + column / 16
          let at = pixels.lowerBound * pitch + group * plan.columns + column
          kernel.function(
            pixels.count, min(kernel.columns, columns.upperBound - column), plan.taps,
            plan.tapElements, rows, weights + panel * plan.panelElements, plan.panelElements,
            bias + panel * 16, residual.map { $0 + at }, output + at, pitch, limits.min, limits.max)
        }
      }
    }
  }

  private func sparse(
    _ product: SparseProduct, _ kernel: Kernel<SparseFunctionF32>,
    _ finish: Kernel<FinishFunctionF32>, _ input: UnsafePointer<Float>,
    _ residual: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>,
    _ pitch: Int, _ scratch: UnsafeMutableRawPointer, _ pool: ThreadPool
  ) {
    let bias = UnsafePointer(self.bias.pointer(Float.self))
    product.run(
      Float.self, input: input, pixelBytes: geometry.inputChannels * 4,
      isPointwise: geometry.isPointwise, window: window, zero: zero.base, scratch: scratch,
      pool: pool
    ) { vectors, panel, isFirst, part, lanes, sums in
      kernel.function(
        vectors, isFirst ? bias + panel * 16 : nil, part.pairs, part.indices, part.weights, lanes,
        sums.assumingMemoryBound(to: Float.self))
    } store: { pixels, panel, outputs, sums, stride in
      let at = pixels.lowerBound * pitch + panel * 16
      finish.function(
        pixels.count, outputs, sums.assumingMemoryBound(to: Float.self), stride,
        residual.map { $0 + at }, output + at, pitch, limits.min, limits.max)
    }
  }

  private func depthwise(
    _ kernel: Kernel<DepthwiseFunctionF32>, _ input: UnsafePointer<Float>,
    _ residual: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>,
    _ pitch: Int, _ scratch: UnsafeMutableRawPointer, _ pool: ThreadPool
  ) {
    let channels = geometry.outputChannels
    let pixels = geometry.outputPixels
    let slotBytes = roundedUp(kernel.rows * window.taps * MemoryLayout<Int>.size, to: 64)
    pool.share((pixels + kernel.rows - 1) / kernel.rows) { thread, range in
      let slot = scratch + thread * slotBytes
      for tile in range {
        let first = tile * kernel.rows
        let count = min(kernel.rows, pixels - first)
        window.rows(of: input, zero: zero.base, first: first, count: count, into: slot)
        kernel.function(
          count, channels, window.taps, slot.assumingMemoryBound(to: UnsafePointer<Float>?.self),
          weights.pointer(Float.self), bias.pointer(Float.self),
          residual.map { $0 + first * channels }, output + first * pitch, pitch, limits.min,
          limits.max)
      }
    }
  }
}
