/// A float convolution with constant weights, channels last, made once and run often.
///
/// Computes `clamp(bias + residual + sum of input * weights)`. Runs on the same object may overlap in
/// time, each with its own scratch. Every activation buffer must have 64 readable bytes after its end.
/// Rounding differs between instruction sets, but not between runs or numbers of threads.
public final class ConvolutionF32: Sendable {
  /// The sizes.
  public let geometry: ConvolutionGeometry
  /// The scratch memory that a run needs, aligned to 64.
  public let scratch: ScratchSize

  enum Shape: Sendable {
    case product(ProductPlan, Kernel<ProductFunctionF32>)
    case rowProduct(ProductPlan, Kernel<RowProductFunctionF32>)
    case planes(PlaneRows)
    case depthwise(Kernel<DepthwiseFunctionF32>)
    case rows(DepthwiseRows, Kernel<DepthwiseRowFunctionF32>)
    case winograd(WinogradF32)
    case sparse(SparseProduct, Kernel<SparseFunctionF32>, Kernel<FinishFunctionF32>)
  }

  let shape: Shape
  let window: Window
  let weights: AlignedBytes
  let bias: AlignedBytes
  let zero: AlignedBytes
  let limits: (min: Float, max: Float)

  /// The name of the kernel that runs, which states types, tile and instruction set.
  public var kernelName: String {
    switch shape {
    case .product(_, let kernel): kernel.name.string
    case .rowProduct(_, let kernel): kernel.name.string
    case .planes(let planes): planes.kernel.name.string
    case .depthwise(let kernel): kernel.name.string
    case .rows(_, let kernel): kernel.name.string
    case .winograd(let winograd): "winograd 4x4 " + winograd.productName
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
  ///
  /// With `readsPlanes`, which asks for `canReadPlanes`, the input is [batch][channel][row][column] and a
  /// run takes no residual.
  public convenience init(
    _ geometry: ConvolutionGeometry, weights: UnsafePointer<Float>,
    form: WeightForm = .plain(nonzero: nil), bias: UnsafePointer<Float>?,
    clamp: (min: Float, max: Float) = (-.infinity, .infinity), readsPlanes: Bool = false,
    isa: InstructionSet = .best
  ) {
    self.init(
      geometry, weights: weights, form: form, bias: bias, clamp: clamp, readsPlanes: readsPlanes,
      isa: isa, kernel: nil)
  }

  /// The same with one line of the kernel table, where it applies.
  package init(
    _ geometry: ConvolutionGeometry, weights: UnsafePointer<Float>,
    form: WeightForm = .plain(nonzero: nil), bias: UnsafePointer<Float>?,
    clamp: (min: Float, max: Float), readsPlanes: Bool = false, isa: InstructionSet,
    kernel name: String?, sparsity: SparseChoice = .automatic
  ) {
    let g = geometry
    self.geometry = g
    limits = clamp
    window = Window(g, elementBytes: 4)
    let depthwiseRows = DepthwiseRows(g, elementBytes: 4)
    let planes = readsPlanes ? PlaneRows(g, isa: isa) : nil
    precondition(readsPlanes == (planes != nil), "PlaneRows says what can be read so")
    let zeros = planes?.zeroElements ?? depthwiseRows?.zeroElements ?? g.inputChannels
    zero = AlignedBytes(zeros, of: Float.self)
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
        scratch = ScratchSize(perThread: rows.slotBytes)
      } else {
        let kernel = KernelTable.best(.dwconvF32, upTo: isa, reference: depthwiseReferenceF32)
        shape = .depthwise(kernel)
        scratch = ScratchSize(perThread: kernel.rows * taps * MemoryLayout<Int>.size)
      }
      return
    }
    if planes == nil, let plan = sparsity.plan(g, weights: weights, form: form, isa: isa) {
      let product = SparseProduct(plan, SparseStreams(plan, g, weights: weights), isa: isa)
      shape = .sparse(
        product, KernelTable.best(.spmmF32, upTo: isa, reference: sparseReferenceF32),
        KernelTable.best(.finishF32, upTo: isa, reference: finishReferenceF32))
      self.weights = AlignedBytes(0)
      self.bias = AlignedBytes(plan.panels * 16, of: Float.self)
      if let bias { self.bias.pointer(Float.self).update(from: bias, count: g.outputChannels) }
      scratch = ScratchSize(perThread: product.slotBytes)
      return
    }
    let order = WeightOrder(g, quantum: 1)
    let packed: AlignedBytes
    if form == .packed {
      packed = AlignedBytes(window: weights, count: order.count * 4)
    } else {
      packed = AlignedBytes(order.count, of: Float.self)
      order.pack(weights, to: packed.pointer(Float.self))
    }
    if planes == nil, name == nil, let winograd = WinogradF32(g, isa: isa),
      winograd.keepsWeights || form != .packed
    {
      shape = .winograd(winograd)
      self.weights = winograd.prepared(packed)
      self.bias = AlignedBytes(roundedUp(g.outputChannels, to: 16), of: Float.self)
      if let bias { self.bias.pointer(Float.self).update(from: bias, count: g.outputChannels) }
      scratch = winograd.scratch
      return
    }
    self.weights = packed
    let columns = g.outputChannels / g.groups
    let plan: ProductPlan
    if let planes {
      plan = ProductPlan(g, tile: (1, 16), elementBytes: 4, quantum: 1)
      shape = .planes(planes)
      scratch = ScratchSize(perThread: planes.slotBytes)
    } else if let kernel = ProductPlan.rowKernel(g, isa: isa, named: name) {
      plan = ProductPlan(g, tile: (kernel.rows, kernel.columns), elementBytes: 4, quantum: 1)
      shape = .rowProduct(plan, kernel)
      scratch = ScratchSize()
    } else {
      let kernel = ProductPlan.fastest(
        .igemmF32, upTo: isa, named: name, pixels: g.outputPixels, columns: columns,
        reference: productReferenceF32)
      plan = ProductPlan(g, tile: (kernel.rows, kernel.columns), elementBytes: 4, quantum: 1)
      shape = .product(plan, kernel)
      scratch = ScratchSize(perThread: plan.slotBytes)
    }
    self.bias = AlignedBytes(g.groups * plan.panels * 16, of: Float.self)
    if let bias {
      let to = self.bias.pointer(Float.self)
      for output in 0..<g.outputChannels {
        to[output / columns * plan.panels * 16 + output % columns] = bias[output]
      }
    }
  }

  /// Whether there is a kernel that reads the input of a geometry as planes.
  public static func canReadPlanes(
    _ geometry: ConvolutionGeometry, isa: InstructionSet = .best
  ) -> Bool { PlaneRows(geometry, isa: isa) != nil }

  /// The order in which kernels of `isa` read dense weights, or nil where they have one of their own:
  /// depthwise ones, and those of Winograd where weights are transformed once.
  public static func weightOrder(
    _ geometry: ConvolutionGeometry, isa: InstructionSet = .best
  ) -> WeightOrder? {
    if geometry.isDepthwise { return nil }
    if let winograd = WinogradF32(geometry, isa: isa), !winograd.keepsWeights { return nil }
    return WeightOrder(geometry, quantum: 1)
  }

  /// Whether pixels of the output may lie further apart than their channels take.
  public var takesPitch: Bool {
    switch shape {
    case .rows, .planes: false
    default: true
    }
  }

  /// Whether a run widens a `WrittenRange`: it does where tiles hold whole pixels.
  public var tellsRange: Bool {
    switch shape {
    case .product(let plan, _): plan.holdsWholePixels
    case .rowProduct(let plan, _): plan.holdsWholePixels
    case .planes, .depthwise, .rows: true
    case .winograd, .sparse: false
    }
  }
}
