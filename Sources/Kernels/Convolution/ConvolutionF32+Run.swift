extension ConvolutionF32 {
  /// Computes `output` ([batch][row][column][channel]) from `input`; `residual` has the shape of the
  /// output, may be the output itself, and is added before the clamp.
  ///
  /// Pixels of the output lie `pitch` floats apart, where there is no residual and `takesPitch`, or one
  /// behind the other. `written` is widened by what is written, where `tellsRange`.
  public func run(
    input: UnsafePointer<Float>, residual: UnsafePointer<Float>? = nil,
    output: UnsafeMutablePointer<Float>, pitch: Int? = nil,
    written: WrittenRange? = nil, scratch: UnsafeMutableRawPointer, pool: ThreadPool
  ) {
    let pitch = pitch ?? geometry.outputChannels
    switch shape {
    case .product(let plan, let kernel):
      product(plan, kernel, input, residual, output, pitch, written, scratch, pool)
    case .rowProduct(let plan, let kernel):
      rowProduct(plan, kernel, input, residual, output, pitch, written, pool)
    case .planes(let planes):
      precondition(residual == nil, "no residual is added to what is read from planes")
      planes.run(
        input: input, zero: zero.pointer(Float.self), weights: weights.pointer(Float.self),
        bias: bias.pointer(Float.self), output: output, limits: limits, written: written,
        scratch: scratch, pool: pool)
    case .depthwise(let kernel):
      depthwise(kernel, input, residual, output, pitch, written, scratch, pool)
    case .winograd(let winograd):
      winograd.run(
        input: input, zero: zero.pointer(Float.self), prepared: weights.pointer(Float.self),
        bias: bias.pointer(Float.self), residual: residual, output: output, pitch: pitch,
        limits: limits, scratch: scratch, pool: pool)
    case .sparse(let product, let kernel, let finish):
      sparse(product, kernel, finish, input, residual, output, pitch, scratch, pool)
    case .rows(let rows, let kernel):
      pool.share(rows.units) { thread, range in
        let slot = scratch + thread * rows.slotBytes
        rows.forEachRows(range, upTo: kernel.rows, of: input, zero: zero.base, slot: slot) {
          rows, at in
          kernel.function(
            rows, weights.pointer(Float.self), bias.pointer(Float.self),
            residual.map { $0 + at }, output + at, limits.min, limits.max)
          written?.add(output, rows, at: at, thread: thread)
        }
      }
    }
  }

  private func product(
    _ plan: ProductPlan, _ kernel: Kernel<ProductFunctionF32>, _ input: UnsafePointer<Float>,
    _ residual: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>,
    _ pitch: Int, _ written: WrittenRange?, _ scratch: UnsafeMutableRawPointer,
    _ pool: ThreadPool
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
        written?.add(
          output, pixels: pixels, first: group * plan.columns, columns: columns, pitch: pitch,
          thread: thread)
      }
    }
  }

  private func rowProduct(
    _ plan: ProductPlan, _ kernel: Kernel<RowProductFunctionF32>, _ input: UnsafePointer<Float>,
    _ residual: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>, _ pitch: Int,
    _ written: WrittenRange?, _ pool: ThreadPool
  ) {
    let weights = UnsafePointer(self.weights.pointer(Float.self))
    let bias = UnsafePointer(self.bias.pointer(Float.self))
    let depth = geometry.inputChannels
    pool.share(plan.units) { thread, range in
      plan.forEachRows(range) { columns, pixels in
        let at = pixels.lowerBound * pitch + columns.lowerBound
        kernel.function(
          pixels.count, columns.count, depth, input + pixels.lowerBound * depth, depth,
          weights + columns.lowerBound / 16 * plan.panelElements, plan.panelElements,
          bias + columns.lowerBound, residual.map { $0 + at }, output + at, pitch, limits.min,
          limits.max)
        written?.add(
          output, pixels: pixels, first: 0, columns: columns, pitch: pitch, thread: thread)
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
    _ pitch: Int, _ written: WrittenRange?, _ scratch: UnsafeMutableRawPointer,
    _ pool: ThreadPool
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
        written?.add(
          output, pixels: first..<first + count, first: 0, columns: 0..<channels, pitch: pitch,
          thread: thread)
      }
    }
  }
}
