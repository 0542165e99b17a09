import CKernels

/// How the rows of a depthwise convolution are handed to kernels that take one row at a time.
struct DepthwiseRows: Sendable {
  let geometry: ConvolutionGeometry
  let elementBytes: Int

  /// Rows for a square kernel of 3, 5 or 7 with column stride 1 or 2, or nil for other geometries.
  init?(_ g: ConvolutionGeometry, elementBytes: Int) {
    guard g.isDepthwise, g.kernelHeight == g.kernelWidth, [3, 5, 7].contains(g.kernelWidth),
      g.strideWidth <= 2, g.dilationWidth == 1
    else { return nil }
    geometry = g
    self.elementBytes = elementBytes
  }

  /// The rows of output of the whole batch.
  var count: Int { geometry.batch * geometry.outputHeight }

  /// Elements in one row of output.
  var outputElements: Int { geometry.outputWidth * geometry.outputChannels }

  /// Bytes of scratch for one part: an address and a step for each row of the window.
  var slotBytes: Int { 128 }

  /// Calls `body` with output row `index` of the batch, as kernels take it.
  @inline(__always) func withRow(
    _ index: Int, of input: UnsafeRawPointer, zero: UnsafeRawPointer,
    slot: UnsafeMutableRawPointer, _ body: (UnsafePointer<pare_depthwise_row>) -> Void
  ) {
    let g = geometry
    let rows = slot.assumingMemoryBound(to: UnsafeRawPointer?.self)
    let steps = (slot + 64).assumingMemoryBound(to: Int.self)
    let rowBytes = g.inputWidth * g.inputChannels * elementBytes
    let image = input + index / g.outputHeight * g.inputHeight * rowBytes
    for tap in 0..<g.kernelHeight {
      let row = index % g.outputHeight * g.strideHeight + tap * g.dilationHeight - g.padTop
      let inside = row >= 0 && row < g.inputHeight
      rows[tap] = inside ? image + row * rowBytes : zero
      steps[tap] = inside ? g.inputChannels : 0
    }
    let row = pare_depthwise_row(
      rows: rows, steps: steps, zero: zero, kernel: g.kernelWidth, stride: g.strideWidth,
      pad_left: g.padLeft, input_width: g.inputWidth, output_width: g.outputWidth,
      channels: g.inputChannels)
    withUnsafePointer(to: row, body)
  }
}

extension pare_depthwise_row {
  /// Calls `body` with the tap, counted over the whole window, and the input row and element of every
  /// tap of output pixel `x`, channel 0.
  @inline(__always) func forEachTap(
    of x: Int, _ body: (_ ky: Int, _ kx: Int, _ row: UnsafeRawPointer, _ element: Int) -> Void
  ) {
    for ky in 0..<kernel {
      for kx in 0..<kernel {
        let column = x * stride + kx - pad_left
        if column >= 0, column < input_width, let row = rows[ky] {
          body(ky, kx, row, column * steps[ky])
        } else if let zero {
          body(ky, kx, zero, 0)
        }
      }
    }
  }
}
