package import CKernels

/// A float convolution that reads its input row-major, one plane for each channel, and writes channels
/// last: the first layer of networks that take images, without a change of layout.
///
/// Work comes in units of one row of outputs.
struct PlaneRows: Sendable {
  /// The kernel for one row.
  let kernel: Kernel<PlanesFunctionF32>
  private let geometry: ConvolutionGeometry

  /// Rows for few channels and column stride 1 or 2, or nil for other geometries and where the
  /// instruction set has no kernel.
  init?(_ g: ConvolutionGeometry, isa: InstructionSet) {
    guard g.groups == 1, (1...pare_planes_channels).contains(g.inputChannels),
      g.kernelHeight <= pare_planes_kernel,
      g.kernelWidth <= pare_planes_kernel,
      g.strideWidth <= 2, g.dilationWidth == 1, g.outputPixels > 0,
      let kernel = KernelTable.best(.planesF32, upTo: isa, as: PlanesFunctionF32.self)
    else { return nil }
    self.kernel = kernel
    geometry = g
  }

  /// Elements of a row of zeros.
  var zeroElements: Int { geometry.inputWidth }

  /// Bytes of scratch that each thread needs: an address for each row of the windows.
  var slotBytes: Int {
    roundedUp(
      geometry.kernelHeight * geometry.inputChannels * MemoryLayout<Int>.size, to: 64)
  }

  /// Runs over all rows; arguments as those of `ConvolutionF32`.
  func run(
    input: UnsafePointer<Float>, zero: UnsafePointer<Float>, weights: UnsafePointer<Float>,
    bias: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    limits: (min: Float, max: Float), written: WrittenRange?, scratch: UnsafeMutableRawPointer,
    pool: ThreadPool
  ) {
    let g = geometry
    let sizes = pare_planes(
      channels: g.inputChannels, kernel_height: g.kernelHeight, kernel_width: g.kernelWidth,
      stride: g.strideWidth, pad_left: g.padLeft, input_width: g.inputWidth,
      output_width: g.outputWidth)
    pool.share(g.batch * g.outputHeight) { thread, range in
      let rows = (scratch + thread * slotBytes).assumingMemoryBound(to: UnsafePointer<Float>?.self)
      for index in range {
        let (image, y) = index.quotientAndRemainder(dividingBy: g.outputHeight)
        for tap in 0..<g.kernelHeight {
          let row = y * g.strideHeight + tap * g.dilationHeight - g.padTop
          let isInside = row >= 0 && row < g.inputHeight
          for channel in 0..<g.inputChannels {
            let plane = (image * g.inputChannels + channel) * g.inputHeight
            rows[tap * g.inputChannels + channel] =
              isInside ? input + (plane + row) * g.inputWidth : zero
          }
        }
        withUnsafePointer(to: sizes) {
          kernel.function(
            $0, rows, g.outputChannels, weights, g.depth * 16, bias,
            output + index * g.outputWidth * g.outputChannels, limits.min, limits.max)
        }
        written?.add(
          output + index * g.outputWidth * g.outputChannels, rows: 1,
          count: g.outputWidth * g.outputChannels, pitch: 0, thread: thread)
      }
    }
  }
}

/// The function of a kernel that reads planes; see `pare_planes_f32` in kernels.h.
package typealias PlanesFunctionF32 =
  @convention(c) (
    UnsafePointer<pare_planes>?, UnsafePointer<UnsafePointer<Float>?>?, Int, UnsafePointer<Float>?,
    Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Float, Float
  ) -> Void

/// What the kernels of `planes_f32` compute.
///
/// Layers change the layout first where there is none.
package let planesReferenceF32 = Kernel<PlanesFunctionF32>(
  name: StaticName("pare_planes_f32_1x1__portable"), rows: 1, columns: 1, isa: .portable
) { planes, rows, n, b, stride, bias, c, min, max in
  guard let p = planes?.pointee, let rows, let b, let bias, let c else { return }
  for x in 0..<p.output_width {
    for j in 0..<n {
      var sum = bias[j]
      var weight = b + j / 16 * stride + j % 16
      for ky in 0..<p.kernel_height {
        for kx in 0..<p.kernel_width {
          let column = x * p.stride + kx - p.pad_left
          for channel in 0..<p.channels {
            if column >= 0, column < p.input_width, let row = rows[ky * p.channels + channel] {
              sum += row[column] * weight.pointee
            }
            weight += 16
          }
        }
      }
      c[x * n + j] = clamped(sum, min, max)
    }
  }
}
