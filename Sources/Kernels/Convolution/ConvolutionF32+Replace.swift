extension ConvolutionF32 {
  /// A convolution whose weights are given later, and again and again: by `replace`.
  public convenience init(
    replaceable geometry: ConvolutionGeometry, clamp: (min: Float, max: Float),
    isa: InstructionSet = .best
  ) {
    let count = geometry.outputChannels * geometry.depth
    let zeros = AlignedBytes(count, of: Float.self)
    self.init(
      geometry, weights: zeros.pointer(Float.self), bias: nil, clamp: clamp, isa: isa, kernel: nil,
      sparsity: .never)
  }

  /// Packs other weights and another bias in place of those it has; nobody may run it meanwhile.
  ///
  /// Only for one that was made `replaceable`.
  public func replace(
    weights new: UnsafePointer<Float>, bias newBias: UnsafePointer<Float>?, pool: ThreadPool
  ) {
    let g = geometry
    var (columns, pitch) = (g.outputChannels, g.outputChannels)
    switch shape {
    case .depthwise, .rows:
      let taps = g.kernelHeight * g.kernelWidth
      let packed = weights.pointer(Float.self)
      for channel in 0..<g.inputChannels {
        let place = packed + channel / 16 * taps * 16 + channel % 16
        for tap in 0..<taps { place[tap * 16] = new[channel * taps + tap] }
      }
    case .product(let plan, _), .rowProduct(let plan, _):
      WeightOrder(g, quantum: 1).pack(new, to: weights.pointer(Float.self), pool: pool)
      (columns, pitch) = (g.outputChannels / g.groups, plan.panels * 16)
    case .winograd(let winograd):
      let order = WeightOrder(g, quantum: 1)
      if winograd.keepsWeights {
        order.pack(new, to: weights.pointer(Float.self), pool: pool)
      } else {
        let packed = AlignedBytes(order.count, of: Float.self)
        order.pack(new, to: packed.pointer(Float.self), pool: pool)
        winograd.prepare(packed, to: weights, pool: pool)
      }
    case .planes, .sparse: preconditionFailure("made with weights that stay")
    }
    guard let newBias else { return }
    let bias = bias.pointer(Float.self)
    for group in 0..<(g.outputChannels / columns) {
      (bias + group * pitch).update(from: newBias + group * columns, count: columns)
    }
  }
}
