import CKernels

extension PackedWeightsI8 {
  /// Runs the convolution; `zero` is `zeroElements` input zero points, `constants` as `fillConstants` made it.
  ///
  /// `written` is for outputs of floats.
  func run(
    input: UnsafePointer<UInt8>, zero: UnsafeRawPointer, constants: UnsafePointer<Int32>,
    output: UnsafeMutableRawPointer, pitch: Int, kind: pare_qoutput,
    scratch: UnsafeMutableRawPointer,
    pool: ThreadPool, written: WrittenRange? = nil
  ) {
    let elementBytes = kind.kind == 1 ? 4 : 1
    withUnsafePointer(to: kind) { value in
      switch shape {
      case .product(let plan, let kernel):
        product(
          plan, kernel, input, zero, constants, output, pitch, elementBytes, value, scratch, pool,
          written)
      case .balanced(let plan, let weights, let kernel):
        balanced(
          plan, weights, kernel, input, zero, constants, output, pitch, elementBytes, value,
          scratch,
          pool, written)
      case .depthwise(let kernel):
        depthwise(
          kernel, input, zero, constants, output, pitch, elementBytes, value, scratch, pool,
          written)
      case .sparse(let product, let kernel, let finish):
        product.run(
          Int32.self, input: input, pixelBytes: geometry.inputChannels,
          isPointwise: geometry.isPointwise, window: window, zero: zero, scratch: scratch,
          pool: pool
        ) { vectors, panel, isFirst, part, lanes, sums in
          kernel.function(
            vectors, isFirst ? constants + panel * 48 : nil, part.pairs, part.indices,
            part.weights, lanes, sums.assumingMemoryBound(to: Int32.self))
        } store: { pixels, panel, outputs, sums, stride in
          let at = (pixels.lowerBound * pitch + panel * 16) * elementBytes
          finish.function(
            pixels.count, outputs, sums.assumingMemoryBound(to: Int32.self), stride,
            constants + panel * 48, output + at, pitch, value)
        }
      case .rows(let rows, let kernel):
        pool.share(rows.units) { thread, range in
          let slot = scratch + thread * rows.slotBytes
          rows.forEachRows(range, upTo: kernel.rows, of: input, zero: zero, slot: slot) {
            rows, at in
            kernel.function(
              rows, weights.pointer(Int8.self), constants, output + at * elementBytes, value)
            written?.add(output, rows, at: at, thread: thread)
          }
        }
      }
    }
  }

  private func product(
    _ plan: ProductPlan, _ kernel: Kernel<ProductFunctionU8S8>, _ input: UnsafePointer<UInt8>,
    _ zero: UnsafeRawPointer, _ constants: UnsafePointer<Int32>,
    _ output: UnsafeMutableRawPointer, _ pitch: Int, _ elementBytes: Int,
    _ kind: UnsafePointer<pare_qoutput>,
    _ scratch: UnsafeMutableRawPointer, _ pool: ThreadPool, _ written: WrittenRange?
  ) {
    let weights = UnsafePointer(self.weights.pointer(Int8.self))
    pool.share(plan.units) { thread, range in
      let slot = scratch + thread * plan.slotBytes
      let rows = UnsafePointer(slot.assumingMemoryBound(to: UnsafePointer<UInt8>?.self))
      plan.forEachUnit(range) { group, columns, pixels in
        plan.addresses(
          input: input, geometry: geometry, window: window, zero: zero, group: group,
          pixels: pixels, elementBytes: 1, slot: slot)
        for column in stride(from: columns.lowerBound, to: columns.upperBound, by: kernel.columns) {
          let panel = group * plan.panels + column / 16
          let at = pixels.lowerBound * pitch + group * plan.columns + column
          kernel.function(
            pixels.count, min(kernel.columns, columns.upperBound - column), plan.taps,
            plan.tapElements / 4, rows, weights + panel * plan.panelElements, plan.panelElements,
            constants + panel * 48, output + at * elementBytes, pitch, kind)
        }
        written?.add(
          output, pixels: pixels, first: group * plan.columns, columns: columns, pitch: pitch,
          thread: thread)
      }
    }
  }

  private func balanced(
    _ plan: ProductPlan, _ weights: BalancedWeights, _ kernel: Kernel<BalancedFunctionU8S8>,
    _ input: UnsafePointer<UInt8>, _ zero: UnsafeRawPointer, _ constants: UnsafePointer<Int32>,
    _ output: UnsafeMutableRawPointer, _ pitch: Int, _ elementBytes: Int,
    _ kind: UnsafePointer<pare_qoutput>,
    _ scratch: UnsafeMutableRawPointer, _ pool: ThreadPool, _ written: WrittenRange?
  ) {
    let segments = weights.segments
    pool.share(plan.units) { thread, range in
      let slot = scratch + thread * plan.slotBytes
      let rows = UnsafePointer(slot.assumingMemoryBound(to: UnsafePointer<UInt8>?.self))
      plan.forEachUnit(range) { _, columns, pixels in
        plan.addresses(
          input: input, geometry: geometry, window: window, zero: zero, group: 0, pixels: pixels,
          elementBytes: 1, slot: slot)
        for column in stride(from: columns.lowerBound, to: columns.upperBound, by: kernel.columns) {
          let panel = weights.panel(column / 16)
          kernel.function(
            pixels.count, min(kernel.columns, columns.upperBound - column), plan.taps,
            segments.count,
            segments.size * 4, rows, panel.counts, panel.weights, constants + column * 3,
            output + (pixels.lowerBound * pitch + column) * elementBytes, pitch, kind)
        }
        written?.add(
          output, pixels: pixels, first: 0, columns: columns, pitch: pitch, thread: thread)
      }
    }
  }

  private func depthwise(
    _ kernel: Kernel<DepthwiseFunctionU8S8>, _ input: UnsafePointer<UInt8>,
    _ zero: UnsafeRawPointer, _ constants: UnsafePointer<Int32>,
    _ output: UnsafeMutableRawPointer, _ pitch: Int, _ elementBytes: Int,
    _ kind: UnsafePointer<pare_qoutput>,
    _ scratch: UnsafeMutableRawPointer, _ pool: ThreadPool, _ written: WrittenRange?
  ) {
    let channels = geometry.outputChannels
    let pixels = geometry.outputPixels
    let slotBytes = roundedUp(kernel.rows * window.taps * MemoryLayout<Int>.size, to: 64)
    pool.share((pixels + kernel.rows - 1) / kernel.rows) { thread, range in
      let slot = scratch + thread * slotBytes
      for tile in range {
        let first = tile * kernel.rows
        let count = min(kernel.rows, pixels - first)
        window.rows(of: input, zero: zero, first: first, count: count, into: slot)
        kernel.function(
          count, channels, window.taps, slot.assumingMemoryBound(to: UnsafePointer<UInt8>?.self),
          weights.pointer(Int8.self), constants, output + first * pitch * elementBytes, pitch,
          kind)
        written?.add(
          output, pixels: first..<first + count, first: 0, columns: 0..<channels, pitch: pitch,
          thread: thread)
      }
    }
  }
}
