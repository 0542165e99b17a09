import CKernels

/// How the rows of a depthwise convolution are handed to kernels that take rows of outputs.
///
/// Work comes in units of one or two rows, which share some rows of the input. Kernels may take some units
/// of one image together.
struct DepthwiseRows: Sendable {
  let geometry: ConvolutionGeometry
  let elementBytes: Int

  /// The rows of outputs of a unit.
  private let together: Int

  /// Rows for a square kernel of 3, 5 or 7 with column stride 1 or 2, or nil for other geometries.
  init?(_ g: ConvolutionGeometry, elementBytes: Int) {
    guard g.isDepthwise, g.kernelHeight == g.kernelWidth, [3, 5, 7].contains(g.kernelWidth),
      g.strideWidth <= 2, g.dilationWidth == 1
    else { return nil }
    geometry = g
    self.elementBytes = elementBytes
    together = g.dilationHeight == 1 && g.strideHeight <= 2 ? 2 : 1
  }

  /// Units of one image.
  private var perImage: Int { (geometry.outputHeight + together - 1) / together }

  /// Units of work, of the whole batch.
  var units: Int { geometry.batch * perImage }

  /// Elements of a row of zeros.
  var zeroElements: Int { geometry.inputWidth * geometry.inputChannels }

  /// The most rows of outputs that a kernel takes together.
  private static let mostRows = 4

  /// Bytes of scratch for one thread: an address for each row of the windows.
  var slotBytes: Int {
    let more = together == 1 ? 0 : (Self.mostRows - 1) * geometry.strideHeight
    let rows = geometry.kernelHeight + more
    return roundedUp(rows * MemoryLayout<Int>.size, to: 64)
  }

  /// Calls `body` with the rows of units `range`, `rows` or fewer at a time, as kernels take them, and the
  /// first element that they write; `zero` is a row of zeros.
  @inline(__always) func forEachRows(
    _ range: Range<Int>, upTo rows: Int, of input: UnsafeRawPointer, zero: UnsafeRawPointer,
    slot: UnsafeMutableRawPointer,
    _ body: (UnsafePointer<pare_depthwise_rows>, _ output: Int) -> Void
  ) {
    let most = together == 1 ? 1 : max(1, min(rows, Self.mostRows) / together)
    var index = range.lowerBound
    while index < range.upperBound {
      let (image, unit) = index.quotientAndRemainder(dividingBy: perImage)
      let units = min(most, range.upperBound - index, perImage - unit)
      withRows(unit, units, ofImage: image, input, zero: zero, slot: slot, body)
      index += units
    }
  }

  @inline(__always) private func withRows(
    _ unit: Int, _ units: Int, ofImage image: Int, _ input: UnsafeRawPointer,
    zero: UnsafeRawPointer, slot: UnsafeMutableRawPointer,
    _ body: (UnsafePointer<pare_depthwise_rows>, _ output: Int) -> Void
  ) {
    let g = geometry
    let first = unit * together
    let count = min(units * together, g.outputHeight - first)
    let rows = slot.assumingMemoryBound(to: UnsafeRawPointer?.self)
    let rowBytes = g.inputWidth * g.inputChannels * elementBytes
    let start = input + image * g.inputHeight * rowBytes
    for tap in 0..<g.kernelHeight + (count - 1) * g.strideHeight {
      let row = first * g.strideHeight + tap * g.dilationHeight - g.padTop
      rows[tap] = row >= 0 && row < g.inputHeight ? start + row * rowBytes : zero
    }
    let value = pare_depthwise_rows(
      rows: rows, zero: zero, count: count, row_stride: g.strideHeight, kernel: g.kernelWidth,
      stride: g.strideWidth, pad_left: g.padLeft, input_width: g.inputWidth,
      output_width: g.outputWidth, channels: g.inputChannels)
    let output = (image * g.outputHeight + first) * g.outputWidth * g.outputChannels
    withUnsafePointer(to: value) { body($0, output) }
  }
}

extension pare_depthwise_rows {
  /// Calls `body` with the row and column in the window, the input row and the element in it of every
  /// tap of output pixel `x` of row `y`, channel 0.
  @inline(__always) func forEachTap(
    of x: Int, _ y: Int,
    _ body: (_ ky: Int, _ kx: Int, _ row: UnsafeRawPointer, _ element: Int) -> Void
  ) {
    for ky in 0..<kernel {
      for kx in 0..<kernel {
        let column = x * stride + kx - pad_left
        if column >= 0, column < input_width, let row = rows[y * row_stride + ky] {
          body(ky, kx, row, column * channels)
        } else if let zero {
          body(ky, kx, zero, 0)
        }
      }
    }
  }
}
