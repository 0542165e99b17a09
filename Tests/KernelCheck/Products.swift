import CKernels
import Kernels

/// Compares a float matrix product.
func products(
  _ kernel: Kernel<ProductFunctionF32>, _ reference: Kernel<ProductFunctionF32>,
  _ cases: inout Cases
) {
  for m in sizes(upTo: kernel.rows) {
    for n in sizes(upTo: kernel.columns) {
      for (taps, channels) in [(1, 1), (1, 5), (2, 4), (3, 7), (1, 67)] {
        var numbers = Numbers(m * 1000 + n + taps)
        let panels = (n + 15) / 16
        let input = numbers.floats(taps * m * channels)
        let rows = Samples<UnsafePointer<Float>?>(taps * m) {
          UnsafePointer(input.base + $0 * channels)
        }
        let stride = taps * channels * 16
        let weights = numbers.floats(panels * stride)
        let bias = numbers.floats(panels * 16)
        let ldc = n + 3
        let residual = numbers.floats(m * ldc)
        for isFused in [false, true] {
          let outputs = [0, 1].map { _ in
            Samples<Float>(m * ldc) { _ in 77 }
          }
          for (kernel, output) in zip([kernel, reference], outputs) {
            kernel.function(
              m, n, taps, channels, rows.base, weights.base, stride, bias.base,
              isFused ? UnsafePointer(residual.base) : nil, output.base, ldc,
              isFused ? -0.5 : -.infinity, isFused ? 0.75 : .infinity)
          }
          cases.add(outputs[0].isClose(outputs[1], within: 1e-5 * Float(taps * channels + 1)))
        }
      }
    }
  }
}

/// Compares a float product of rows at regular steps, of more rows and columns than a tile has.
func products(
  _ kernel: Kernel<RowProductFunctionF32>, _ reference: Kernel<RowProductFunctionF32>,
  _ cases: inout Cases
) {
  for m in sizes(upTo: kernel.rows) + [kernel.rows * 2 + 3, kernel.rows * 3] {
    for n in sizes(upTo: kernel.columns) + [
      kernel.columns + 9, kernel.columns * 2 + 32, 2, 3, 4, 5,
    ] {
      for (depth, gap) in [(1, 0), (4, 3), (7, 0), (67, 1), (16, 0), (48, 5), (528, 0)] {
        var numbers = Numbers(m * 1000 + n + depth)
        let panels = (n + 15) / 16
        let (lda, ldc) = (depth + gap, gap == 5 ? n : n + 3)
        let input = numbers.floats((m - 1) * lda + depth)
        let weights = numbers.floats(panels * depth * 16)
        let bias = numbers.floats(panels * 16)
        let residual = numbers.floats(m * ldc)
        for isFused in [false, true] {
          let outputs = [0, 1].map { _ in Samples<Float>(m * ldc) { _ in 77 } }
          for (kernel, output) in zip([kernel, reference], outputs) {
            kernel.function(
              m, n, depth, input.base, lda, weights.base, depth * 16, bias.base,
              isFused ? UnsafePointer(residual.base) : nil, output.base, ldc,
              isFused ? -0.5 : -.infinity, isFused ? 0.75 : .infinity)
          }
          cases.add(outputs[0].isClose(outputs[1], within: 1e-5 * Float(depth + 1)))
        }
      }
    }
  }
}

/// Compares rows of a convolution that reads planes, with windows in the padding on both sides.
func planes(
  _ kernel: Kernel<PlanesFunctionF32>, _ reference: Kernel<PlanesFunctionF32>,
  _ cases: inout Cases
) {
  for (channels, height, width) in [
    (1, 1, 1), (3, 3, 3), (3, 1, 3), (2, 3, 5), (4, 7, 7), (3, 11, 11),
  ] {
    for (stride, padLeft, inputWidth) in [
      (1, 1, 20), (2, 1, 61), (2, 0, 26), (1, 5, 3), (2, 14, 33),
    ] {
      for n in [1, 16, 24, 32, 47, 64, 75, 112] {
        let outputWidth = max(1, (inputWidth + 2 * padLeft - width) / stride + 1)
        var numbers = Numbers(channels * 1000 + n + inputWidth)
        let (panels, depth) = ((n + 15) / 16, channels * height * width)
        let input = numbers.floats(height * channels * inputWidth)
        let rows = Samples<UnsafePointer<Float>?>(height * channels) {
          UnsafePointer(input.base + $0 * inputWidth)
        }
        let weights = numbers.floats(panels * depth * 16)
        let bias = numbers.floats(panels * 16)
        var sizes = pare_planes(
          channels: channels, kernel_height: height, kernel_width: width, stride: stride,
          pad_left: padLeft, input_width: inputWidth, output_width: outputWidth)
        let outputs = [0, 1].map { _ in Samples<Float>(outputWidth * n) { _ in 77 } }
        for (kernel, output) in zip([kernel, reference], outputs) {
          kernel.function(
            &sizes, rows.base, n, weights.base, depth * 16, bias.base, output.base, -0.5, 0.75)
        }
        cases.add(outputs[0].isClose(outputs[1], within: 1e-5 * Float(depth + 1)))
        withExtendedLifetime(input) {}
      }
    }
  }
}

/// Compares an integer matrix product.
func products(
  _ kernel: Kernel<ProductFunctionU8S8>, _ reference: Kernel<ProductFunctionU8S8>,
  _ cases: inout Cases
) {
  for m in sizes(upTo: kernel.rows) {
    for n in sizes(upTo: kernel.columns) {
      for (taps, quads) in [(1, 1), (1, 5), (2, 4), (3, 7), (1, 33)] {
        var numbers = Numbers(m * 1000 + n + taps)
        let panels = (n + 15) / 16
        let input = numbers.bytes(taps * m * quads * 4)
        let rows = Samples<UnsafePointer<UInt8>?>(taps * m) {
          UnsafePointer(input.base + $0 * quads * 4)
        }
        let stride = taps * quads * 64
        let weights = numbers.weights(panels * stride)
        let constants = OutputSamples(blocks: panels, &numbers)
        let lowered = constants.lowered(by: kernel.isa.activationOffset) { block, lane in
          var sum: Int32 = 0
          for quad in 0..<taps * quads {
            for byte in 0..<4 {
              sum += Int32(weights.base[block * stride + quad * 64 + lane * 4 + byte])
            }
          }
          return sum
        }
        // Stores may spill into the next row where it follows at once.
        for ldc in [n, n + 3] {
          let residual = numbers.bytes(m * ldc)
          for kind in OutputKind.all {
            cases.add(
              OutputKind(kind: kind).compare(count: m * ldc, residual: residual) {
                (isReference, c, output) in
                (isReference ? reference : kernel).function(
                  m, n, taps, quads, rows.base, weights.base, stride,
                  (isReference ? constants : lowered).words.base, c, ldc, output)
              })
          }
        }
      }
    }
  }
}
