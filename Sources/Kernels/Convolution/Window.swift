import CKernels

/// Where the windows of a convolution or a pooling lie: offsets of rows and columns in one image.
final class Window: @unchecked Sendable {
  private let offsets: AlignedBytes
  /// The form in which kernels take it.
  let value: pare_window

  init(_ geometry: ConvolutionGeometry, elementBytes: Int) {
    let g = geometry
    let height = g.outputHeight
    let width = g.outputWidth
    let pixelBytes = g.inputChannels * elementBytes
    let rows = g.kernelHeight * height
    let columns = g.kernelWidth * width
    offsets = AlignedBytes(rows + columns, of: Int64.self)
    let table = offsets.pointer(Int64.self)
    let padding = Int64.min / 4
    for tap in 0..<g.kernelHeight {
      for y in 0..<height {
        let row = y * g.strideHeight + tap * g.dilationHeight - g.padTop
        let inside = row >= 0 && row < g.inputHeight
        table[tap * height + y] = inside ? Int64(row * g.inputWidth * pixelBytes) : padding
      }
    }
    for tap in 0..<g.kernelWidth {
      for x in 0..<width {
        let column = x * g.strideWidth + tap * g.dilationWidth - g.padLeft
        let inside = column >= 0 && column < g.inputWidth
        table[rows + tap * width + x] = inside ? Int64(column * pixelBytes) : padding
      }
    }
    let inside = (0..<width).filter { x in
      (0..<g.kernelWidth).allSatisfy { table[rows + $0 * width + x] >= 0 }
    }
    value = pare_window(
      rows: table, columns: table + rows, kernel_height: g.kernelHeight,
      kernel_width: g.kernelWidth, output_height: height, output_width: width,
      inside_first: inside.first ?? width,
      inside_last: (inside.last ?? width - 1) + 1,
      image_bytes: g.inputHeight * g.inputWidth * pixelBytes)
  }

  /// The windows of the gradient of a convolution's input: which outputs each input pixel went to, as if
  /// the output were the input.
  init(transposing geometry: ConvolutionGeometry, elementBytes: Int) {
    let g = geometry
    let (height, width) = (g.inputHeight, g.inputWidth)
    let pixelBytes = g.outputChannels * elementBytes
    let rows = g.kernelHeight * height
    offsets = AlignedBytes(rows + g.kernelWidth * width, of: Int64.self)
    let table = offsets.pointer(Int64.self)
    let padding = Int64.min / 4
    /// The output whose window has `tap` at input `position`.
    func output(_ position: Int, _ stride: Int, _ extent: Int) -> Int? {
      position >= 0 && position % stride == 0 && position / stride < extent
        ? position / stride : nil
    }
    for tap in 0..<g.kernelHeight {
      for y in 0..<height {
        let row = output(y + g.padTop - tap * g.dilationHeight, g.strideHeight, g.outputHeight)
        table[tap * height + y] = row.map { Int64($0 * g.outputWidth * pixelBytes) } ?? padding
      }
    }
    for tap in 0..<g.kernelWidth {
      for x in 0..<width {
        let column = output(x + g.padLeft - tap * g.dilationWidth, g.strideWidth, g.outputWidth)
        table[rows + tap * width + x] = column.map { Int64($0 * pixelBytes) } ?? padding
      }
    }
    value = pare_window(
      rows: table, columns: table + rows, kernel_height: g.kernelHeight,
      kernel_width: g.kernelWidth, output_height: height, output_width: width,
      inside_first: width, inside_last: width,
      image_bytes: g.outputHeight * g.outputWidth * pixelBytes)
  }

  /// The taps of the kernel.
  var taps: Int { value.kernel_height * value.kernel_width }

  /// Writes the addresses of all taps of `count` pixels from `first` on, as [tap][pixel].
  @inline(__always) func rows(
    of input: UnsafeRawPointer, zero: UnsafeRawPointer, first: Int, count: Int,
    into out: UnsafeMutableRawPointer
  ) {
    withUnsafePointer(to: value) {
      pare_window_rows(
        $0, input.assumingMemoryBound(to: UInt8.self), zero.assumingMemoryBound(to: UInt8.self),
        first, count, out.assumingMemoryBound(to: UnsafePointer<UInt8>?.self))
    }
  }

  /// Writes the addresses of the kernel rows of `count` pixels from `first` on, as [kernel row][pixel],
  /// with copies of those that reach into the padding.
  @inline(__always) func segments(
    of input: UnsafeRawPointer, zero: UnsafeRawPointer, first: Int, count: Int, tapBytes: Int,
    segmentBytes: Int, copies: UnsafeMutableRawPointer, into out: UnsafeMutableRawPointer
  ) {
    withUnsafePointer(to: value) {
      pare_window_segments(
        $0, input.assumingMemoryBound(to: UInt8.self), zero.assumingMemoryBound(to: UInt8.self),
        first, count, tapBytes, segmentBytes, copies.assumingMemoryBound(to: UInt8.self),
        out.assumingMemoryBound(to: UnsafePointer<UInt8>?.self))
    }
  }

  /// Copies all taps of `count` pixels from `first` on into rows of `rowBytes`.
  @inline(__always) func pack(
    _ input: UnsafeRawPointer, zero: UnsafeRawPointer, first: Int, count: Int, tapBytes: Int,
    rowBytes: Int, into out: UnsafeMutableRawPointer
  ) {
    withUnsafePointer(to: value) {
      pare_window_pack(
        $0, input.assumingMemoryBound(to: UInt8.self), zero.assumingMemoryBound(to: UInt8.self),
        first, count, tapBytes, rowBytes, out.assumingMemoryBound(to: UInt8.self))
    }
  }
}
