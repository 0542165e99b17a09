import CKernels
import Kernels

/// Counts around 8, 16, 32 and 64 lanes.
private let counts = [1, 2, 4, 7, 8, 9, 16, 17, 31, 33, 64, 65, 130, 1000]

/// Compares least and greatest elements.
func minMax(
  _ kernel: Kernel<MinMaxFunctionF32>, _ reference: Kernel<MinMaxFunctionF32>,
  _ cases: inout Cases
) {
  for count in counts {
    var numbers = Numbers(count)
    let x = numbers.floats(count)
    if count > 5 { x.base[count - 2] = .nan }
    let outputs = [0, 1].map { _ in Samples<Float>(2) { $0 == 0 ? .infinity : -.infinity } }
    for (kernel, result) in zip([kernel, reference], outputs) {
      kernel.function(count, x.base, result.base)
    }
    cases.add(outputs[0].isSame(outputs[1]))
  }
}

/// Compares softmax.
func softmax(
  _ kernel: Kernel<SoftmaxFunctionF32>, _ reference: Kernel<SoftmaxFunctionF32>,
  _ cases: inout Cases
) {
  for count in counts {
    for rows in [1, 3, 20] {
      var numbers = Numbers(count)
      let x = numbers.floats(rows * count, times: 20)
      for isInPlace in [false, true] {
        let outputs = [0, 1].map { _ in Samples<Float>(rows * count) { x.base[$0] } }
        for (kernel, y) in zip([kernel, reference], outputs) {
          kernel.function(rows, count, isInPlace ? y.base : x.base, y.base)
        }
        cases.add(outputs[0].isSame(outputs[1]))
      }
    }
  }
}

/// Compares the normalization of float rows.
func layerNorm(
  _ kernel: Kernel<LayerNormFunctionF32>, _ reference: Kernel<LayerNormFunctionF32>,
  _ cases: inout Cases
) {
  for count in counts {
    var numbers = Numbers(count)
    let x = numbers.floats(3 * count, times: 20)
    let (scale, bias) = (numbers.floats(count), numbers.floats(count))
    for hasBias in [false, true] {
      let outputs = [0, 1].map { _ in Samples<Float>(3 * count + 6) { _ in 77 } }
      for (kernel, y) in zip([kernel, reference], outputs) {
        let means = y.base + 3 * count
        kernel.function(
          3, count, x.base, y.base, scale.base, hasBias ? UnsafePointer(bias.base) : nil, 1e-5,
          means, means + 3)
      }
      cases.add(outputs[0].isSame(outputs[1]))
    }
  }
}

/// Compares the normalization of rows of bytes.
func layerNorm(
  _ kernel: Kernel<LayerNormFunctionU8>, _ reference: Kernel<LayerNormFunctionU8>,
  _ cases: inout Cases
) {
  let parameters = pare_layernorm_u8_parameters(
    x_scale: 0.037, epsilon: 1e-5, x_zero: 113, zero: 100)
  for count in counts + [40_000] {
    var numbers = Numbers(count)
    let x = numbers.bytes(3 * count)
    let (scale, bias) = (numbers.floats(count, times: 40), numbers.floats(count, times: 40))
    let outputs = [0, 1].map { _ in Samples<UInt8>(3 * count) { _ in 77 } }
    for (kernel, y) in zip([kernel, reference], outputs) {
      withUnsafePointer(to: parameters) {
        kernel.function(3, count, x.base, y.base, scale.base, bias.base, $0)
      }
    }
    cases.add(outputs[0].isSame(outputs[1]))
  }
}

/// Windows of pooling over an image of 6 x 7 pixels.
private func forEachPool(
  _ body: (_ windows: UnsafePointer<pare_pool_windows>, _ elements: Int, _ outputs: Int) -> Void
) {
  for channels in [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100] {
    for (rows, columns, step) in [(1, 1, 1), (2, 2, 2), (3, 3, 2), (6, 7, 1)] {
      let windows = pare_pool_windows(
        pixels: (7 - columns) / step + 1, pixel_step: step * channels, planes: 1, plane_step: 0,
        rows: rows, row_step: 7 * channels, columns: columns, column_step: channels,
        channels: channels)
      withUnsafePointer(to: windows) { body($0, 42 * channels, windows.pixels * channels) }
    }
  }
}

/// Compares pooling of floats, greatest and average.
func pool(
  _ kernel: Kernel<PoolFunctionF32>, _ reference: Kernel<PoolFunctionF32>, _ cases: inout Cases
) {
  forEachPool { windows, elements, outputs in
    var numbers = Numbers(elements)
    let x = numbers.floats(elements)
    for divisor in [Float(-1), 9] {
      let results = [0, 1].map { _ in Samples<Float>(outputs) { _ in 77 } }
      for (kernel, y) in zip([kernel, reference], results) {
        kernel.function(windows, x.base, y.base, divisor)
      }
      cases.add(results[0].isSame(results[1]))
    }
  }
}

/// Compares pooling of bytes, greatest and average.
func pool(
  _ kernel: Kernel<PoolFunctionU8>, _ reference: Kernel<PoolFunctionU8>, _ cases: inout Cases
) {
  forEachPool { windows, elements, outputs in
    var numbers = Numbers(elements)
    let x = numbers.bytes(elements)
    for factor in [Float(-1), 0.021] {
      let results = [0, 1].map { _ in Samples<UInt8>(outputs) { _ in 77 } }
      for (kernel, y) in zip([kernel, reference], results) {
        kernel.function(windows, x.base, y.base, -1700, factor, 100)
      }
      cases.add(results[0].isSame(results[1]))
    }
  }
  // More taps than 16-bit sums hold.
  let x = Samples<UInt8>(1000 * 20) { UInt8(255 - $0 % 7) }
  let windows = pare_pool_windows(
    pixels: 1, pixel_step: 0, planes: 2, plane_step: 500 * 20, rows: 50, row_step: 200, columns: 10,
    column_step: 20, channels: 20)
  let results = [0, 1].map { _ in Samples<UInt8>(20) { _ in 77 } }
  for (kernel, y) in zip([kernel, reference], results) {
    withUnsafePointer(to: windows) { kernel.function($0, x.base, y.base, 0, 0.0005, 100) }
  }
  cases.add(results[0].isSame(results[1]))
}

/// Compares a factor and a summand for each element of a row of floats.
func affine(
  _ kernel: Kernel<AffineFunctionF32>, _ reference: Kernel<AffineFunctionF32>,
  _ cases: inout Cases
) {
  for count in counts {
    var numbers = Numbers(count)
    let x = numbers.allKindsOfFloats(3 * count, times: 4)
    let (scale, bias) = (numbers.floats(count), numbers.floats(count))
    let outputs = [0, 1].map { _ in Samples<Float>(3 * count) { _ in 77 } }
    for (kernel, y) in zip([kernel, reference], outputs) {
      kernel.function(3, count, x.base, scale.base, bias.base, y.base, -1.5, .infinity)
    }
    cases.add(outputs[0].isSameNumbers(outputs[1]))
  }
}

/// Compares the same for rows of bytes.
func affine(
  _ kernel: Kernel<AffineFunctionU8>, _ reference: Kernel<AffineFunctionU8>, _ cases: inout Cases
) {
  let parameters = pare_affine_u8_parameters(x_zero: 113, zero: 100, min: 5, max: 251)
  for count in counts {
    var numbers = Numbers(count)
    let x = numbers.bytes(3 * count)
    let (scale, bias) = (numbers.floats(count), numbers.floats(count, times: 200))
    let outputs = [0, 1].map { _ in Samples<UInt8>(3 * count) { _ in 77 } }
    withUnsafePointer(to: parameters) { parameters in
      for (kernel, y) in zip([kernel, reference], outputs) {
        kernel.function(3, count, x.base, scale.base, bias.base, y.base, parameters)
      }
    }
    cases.add(outputs[0].isSame(outputs[1]))
  }
}
