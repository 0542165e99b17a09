import Kernels

/// Sums of a few hundred products of numbers below one: rounding differs by their order.
private let bound: Float = 1e-4

/// Rows of numbers, each with its address, 61 elements apart.
private struct Rows {
  let elements: Samples<Float>
  let addresses: Samples<UnsafePointer<Float>?>

  init(_ count: Int, of length: Int, _ numbers: inout Numbers) {
    let elements = numbers.floats(count * length)
    self.elements = elements
    addresses = Samples(count) { UnsafePointer(elements.base + $0 * length) }
  }
}

/// Compares sums of outer products.
func outer(
  _ kernel: Kernel<OuterFunctionF32>, _ reference: Kernel<OuterFunctionF32>, _ cases: inout Cases
) {
  for m in 1...kernel.rows {
    for n in sizes(upTo: kernel.columns) {
      var numbers = Numbers(m * 100 + n)
      let pixels = 37
      let a = numbers.floats(pixels * 61)
      let rows = Rows(pixels, of: 61, &numbers)
      let start = numbers.floats(m * 40)
      let outputs = [0, 1].map { _ in Samples<Float>(m * 40) { start.base[$0] } }
      for (kernel, c) in zip([kernel, reference], outputs) {
        kernel.function(m, n, pixels, a.base, 61, rows.addresses.base, 3, c.base, 40)
      }
      cases.add(outputs[0].isClose(outputs[1], within: bound))
    }
  }
}

/// Compares sums of products channel by channel.
func channelwise(
  _ kernel: Kernel<ChannelwiseFunctionF32>, _ reference: Kernel<ChannelwiseFunctionF32>,
  _ cases: inout Cases
) {
  for channels in [1, 3, 8, 15, 16, 17, 33] {
    for taps in [1, 2, 3, 9, 10, 25] {
      var numbers = Numbers(channels * 100 + taps)
      let pixels = 21
      let a = numbers.floats(pixels * 61)
      let rows = Rows(pixels * taps, of: 61, &numbers)
      let start = numbers.floats(taps * 40)
      let outputs = [0, 1].map { _ in Samples<Float>(taps * 40) { start.base[$0] } }
      for (kernel, c) in zip([kernel, reference], outputs) {
        kernel.function(
          channels, taps, pixels, a.base, 61, rows.addresses.base, pixels, 5, c.base, 40)
      }
      cases.add(outputs[0].isClose(outputs[1], within: bound))
    }
  }
}

private let channelCounts = [1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100]

/// Compares sums and sums of squares.
func moments(
  _ kernel: Kernel<MomentsFunctionF32>, _ reference: Kernel<MomentsFunctionF32>,
  _ cases: inout Cases
) {
  for channels in channelCounts {
    var numbers = Numbers(channels)
    let (x, shift) = (numbers.floats(19 * channels), numbers.floats(channels))
    let outputs = [0, 1].map { _ in Samples<Float>(2 * channels) { _ in 77 } }
    for (kernel, y) in zip([kernel, reference], outputs) {
      kernel.function(19, channels, x.base, shift.base, y.base, y.base + channels)
    }
    cases.add(outputs[0].isClose(outputs[1], within: bound))
  }
}

/// Compares sums of gradients, with and without inputs and clamped outputs.
func gradientSums(
  _ kernel: Kernel<GradientSumsFunctionF32>, _ reference: Kernel<GradientSumsFunctionF32>,
  _ cases: inout Cases
) {
  for channels in channelCounts {
    for (hasX, hasY) in [(false, false), (false, true), (true, false), (true, true)] {
      var numbers = Numbers(channels)
      let count = 19 * channels
      let (x, y, g) = (numbers.floats(count), numbers.floats(count), numbers.floats(count))
      let shift = numbers.floats(channels)
      let outputs = [0, 1].map { _ in Samples<Float>(2 * channels) { _ in 77 } }
      let masked = [0, 1].map { _ in Samples<Float>(count) { g.base[$0] } }
      for (index, kernel) in [kernel, reference].enumerated() {
        let (out, sums) = (masked[index].base, outputs[index].base)
        kernel.function(
          19, channels, hasX ? UnsafePointer(x.base) : nil, hasY ? UnsafePointer(y.base) : nil, out,
          -0.5, 0.25, hasX ? UnsafePointer(shift.base) : nil, hasY && !hasX ? out : nil, sums,
          hasX ? sums + channels : nil)
      }
      cases.add(outputs[0].isClose(outputs[1], within: bound) && masked[0].isSame(masked[1]))
    }
  }
}

/// Compares gradients of normalized rows.
func normalizedGradient(
  _ kernel: Kernel<NormalizedGradientFunctionF32>,
  _ reference: Kernel<NormalizedGradientFunctionF32>, _ cases: inout Cases
) {
  for channels in channelCounts {
    for (hasY, adds) in [(false, false), (false, true), (true, false), (true, true)] {
      var numbers = Numbers(channels)
      let count = 19 * channels
      let (x, y, g) = (numbers.floats(count), numbers.floats(count), numbers.floats(count))
      let factors = numbers.floats(3 * channels)
      let outputs = [0, 1].map { _ in Samples<Float>(count) { adds ? y.base[$0] : g.base[$0] } }
      for (kernel, to) in zip([kernel, reference], outputs) {
        // In place where nothing is added.
        kernel.function(
          19, channels, x.base, hasY ? UnsafePointer(y.base) : nil,
          adds ? UnsafePointer(g.base) : UnsafePointer(to.base), -0.5, 0.25, factors.base,
          factors.base + channels, factors.base + 2 * channels, to.base, adds ? 1 : 0)
      }
      cases.add(outputs[0].isClose(outputs[1], within: bound))
    }
  }
}

/// Compares gradients of a clamp.
func clampGradient(
  _ kernel: Kernel<ClampGradientFunctionF32>, _ reference: Kernel<ClampGradientFunctionF32>,
  _ cases: inout Cases
) {
  for count in channelCounts + [1000] {
    for adds in [Int32(0), 1] {
      var numbers = Numbers(count)
      let (y, g, start) = (
        numbers.allKindsOfFloats(count, times: 1), numbers.floats(count), numbers.floats(count)
      )
      let outputs = [0, 1].map { _ in Samples<Float>(count) { start.base[$0] } }
      for (kernel, to) in zip([kernel, reference], outputs) {
        kernel.function(count, y.base, g.base, 0, .infinity, to.base, adds)
      }
      cases.add(outputs[0].isSame(outputs[1]))
    }
  }
}

/// Compares sums of scaled vectors.
func accumulate(
  _ kernel: Kernel<AccumulateFunctionF32>, _ reference: Kernel<AccumulateFunctionF32>,
  _ cases: inout Cases
) {
  for count in channelCounts + [1000] {
    var numbers = Numbers(count)
    let (x, start) = (numbers.floats(count), numbers.floats(count))
    let outputs = [0, 1].map { _ in Samples<Float>(count) { start.base[$0] } }
    for (kernel, to) in zip([kernel, reference], outputs) {
      kernel.function(count, x.base, 0.3, to.base)
    }
    cases.add(outputs[0].isClose(outputs[1], within: bound))
  }
}
