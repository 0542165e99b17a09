import CKernels
import Kernels

/// Compares the transposition of rows to lanes.
func lanes(
  _ kernel: Kernel<LanesFunction>, _ reference: Kernel<LanesFunction>, _ cases: inout Cases
) {
  for m in [1, 3, 4, 7, 8, 9, 16, 17, 30, 128] {
    for words in [1, 3, 4, 7, 8, 9, 16, 17, 48] {
      for taps in [1, 2] {
        var numbers = Numbers(m * 100 + words)
        let vectors = (m + 15) / 16
        let input = numbers.bytes(taps * m * words * 4 + 64)
        // Rows of activations need not be aligned.
        let rows = Samples<UnsafeRawPointer?>(taps * m) {
          UnsafeRawPointer(input.base + $0 * words * 4 + 1)
        }
        let outputs = [0, 1].map { _ in
          Samples<UInt32>(taps * words * vectors * 16) { _ in 77 }
        }
        for (kernel, output) in zip([kernel, reference], outputs) {
          kernel.function(m, vectors, taps, words, rows.base, output.base)
        }
        cases.add(outputs[0].isSame(outputs[1]))
      }
    }
  }
}

/// Stored weights of 16 outputs in 8 pairs: how many come next, and of which rows.
private struct Streams {
  static let rows = 37
  let pairs: Samples<pare_sparse_pair>
  let indices: Samples<UInt16>
  /// The output of each stored weight.
  let outputs: [Int]

  init(_ numbers: inout Numbers) {
    var source = numbers
    let shift = Int(source.next() % 16)
    pairs = Samples(8) { pair in
      pare_sparse_pair(
        first: UInt8((2 * pair + shift) % 16), second: UInt8((2 * pair + 1 + shift) % 16),
        both: UInt16(source.next() % 4), each: UInt16(source.next() % 3))
    }
    var outputs: [Int] = []
    var indexCount = 0
    for pair in 0..<8 {
      let value = pairs.base[pair]
      let (first, second) = (Int(value.first), Int(value.second))
      for _ in 0..<2 * Int(value.both) { outputs += [first, second] }
      for _ in 0..<2 * Int(value.each) { outputs += [first, second] }
      indexCount += 2 * Int(value.both) + 4 * Int(value.each)
    }
    self.outputs = outputs
    indices = Samples(indexCount) { _ in UInt16(source.next() % UInt64(Self.rows)) }
    numbers = source
  }
}

/// Compares a sparse integer product, begun and gone on with.
func sparse(
  _ kernel: Kernel<SparseFunctionU8S8>, _ reference: Kernel<SparseFunctionU8S8>,
  _ cases: inout Cases
) {
  let offset = kernel.isa.activationOffset
  for vectors in 1...8 {
    for seed in 0..<4 {
      var numbers = Numbers(vectors * 100 + seed)
      let streams = Streams(&numbers)
      let weights = Samples<Int32>(streams.outputs.count) { _ in
        Int32(truncatingIfNeeded: numbers.next())
      }
      let start = Samples<Int32>(16) { _ in Int32(truncatingIfNeeded: numbers.next()) >> 8 }
      let x = numbers.bytes(Streams.rows * vectors * 64)
      let lowered = Samples<UInt8>(x.count) { x.base[$0] &- UInt8(offset) }
      // The second step goes on where the first ended.
      for steps in [1, 2] {
        let begun = Samples<Int32>(16) { start.base[$0] }
        for (index, output) in streams.outputs.enumerated() {
          for byte in 0..<4 {
            let weight = Int8(truncatingIfNeeded: weights.base[index] >> Int32(8 * byte))
            begun.base[output] &+= Int32(steps) &* offset &* Int32(weight)
          }
        }
        let sums = [0, 1].map { _ in Samples<Int32>(16 * vectors * 16) { _ in 77 } }
        for step in 0..<steps {
          kernel.function(
            vectors, step == 0 ? UnsafePointer(begun.base) : nil, streams.pairs.base,
            streams.indices.base, weights.base, lowered.base, sums[0].base)
          reference.function(
            vectors, step == 0 ? UnsafePointer(start.base) : nil, streams.pairs.base,
            streams.indices.base, weights.base, x.base, sums[1].base)
        }
        cases.add(sums[0].isSame(sums[1]))
      }
    }
  }
}

/// Compares a sparse float product, begun and gone on with.
func sparse(
  _ kernel: Kernel<SparseFunctionF32>, _ reference: Kernel<SparseFunctionF32>, _ cases: inout Cases
) {
  for vectors in 1...8 {
    for seed in 0..<4 {
      var numbers = Numbers(vectors * 100 + seed)
      let streams = Streams(&numbers)
      let weights = numbers.floats(streams.outputs.count)
      let start = numbers.floats(16)
      let x = numbers.floats(Streams.rows * vectors * 16)
      let sums = [0, 1].map { _ in Samples<Float>(16 * vectors * 16) { _ in 77 } }
      for begins in [true, false] {
        for (kernel, sums) in zip([kernel, reference], sums) {
          kernel.function(
            vectors, begins ? UnsafePointer(start.base) : nil, streams.pairs.base,
            streams.indices.base, weights.base, x.base, sums.base)
        }
        cases.add(sums[0].isClose(sums[1], within: 3e-4))
      }
    }
  }
}

/// Compares a balanced sparse product, with segments of no, some and all quads.
func balanced(
  _ kernel: Kernel<BalancedFunctionU8S8>, _ reference: Kernel<BalancedFunctionU8S8>,
  _ cases: inout Cases
) {
  for m in sizes(upTo: kernel.rows) {
    for n in sizes(upTo: kernel.columns) {
      for (taps, segments, quads) in [(1, 1, 5), (1, 1, 16), (2, 3, 12), (3, 2, 16)] {
        var numbers = Numbers(m * 1000 + n + taps)
        let panels = (n + 15) / 16
        // 64 bytes are read of the last segment too.
        let input = numbers.bytes(taps * m * segments * quads * 4 + 64)
        let rows = Samples<UnsafePointer<UInt8>?>(taps * m) {
          UnsafePointer(input.base + $0 * segments * quads * 4)
        }
        let counts = Samples<UInt8>(panels * taps * segments) { _ in
          UInt8(numbers.next() % UInt64(quads + 1))
        }
        let vectors = (0..<counts.count).reduce(0) { sum, index in
          let count = Int(counts.base[index])
          return sum + count + (count + 7) / 8
        }
        let weights = numbers.weights(max(1, vectors) * 64)
        // Choices of four bits each, within the segment.
        var at = 0
        for index in 0..<counts.count {
          for step in 0..<Int(counts.base[index]) {
            if step % 8 == 0 {
              for lane in 0..<16 {
                var choices: UInt32 = 0
                for place in 0..<8 {
                  choices |= UInt32(numbers.next() % UInt64(quads)) << UInt32(4 * place)
                }
                UnsafeMutableRawPointer(weights.base).storeBytes(
                  of: choices, toByteOffset: at * 64 + lane * 4, as: UInt32.self)
              }
              at += 1
            }
            at += 1
          }
        }
        let constants = OutputSamples(blocks: panels, &numbers)
        for ldc in [n, n + 3] {
          let residual = numbers.bytes(m * ldc)
          for kind in OutputKind.all {
            cases.add(
              OutputKind(kind: kind).compare(count: m * ldc, residual: residual) {
                isReference, c, output in
                (isReference ? reference : kernel).function(
                  m, n, taps, segments, quads * 4, rows.base, counts.base, weights.base,
                  constants.words.base, c, ldc, output)
              })
          }
        }
      }
    }
  }
}

/// Compares the stores of integer sums.
func finish(
  _ kernel: Kernel<FinishFunctionU8S8>, _ reference: Kernel<FinishFunctionU8S8>,
  _ cases: inout Cases
) {
  for m in [1, 2, 15, 16, 17, 40] {
    for n in [1, 7, 8, 9, 15, 16] {
      var numbers = Numbers(m * 100 + n)
      let stride = (m + 15) / 16 * 16 + 32
      let sums = Samples<Int32>(16 * stride) { _ in
        Int32(truncatingIfNeeded: numbers.next()) >> 12
      }
      let constants = OutputSamples(blocks: 1, &numbers)
      let ldc = n + 3
      let residual = numbers.bytes(m * ldc)
      for kind in OutputKind.all {
        cases.add(
          OutputKind(kind: kind).compare(count: m * ldc, residual: residual) {
            isReference, c, output in
            (isReference ? reference : kernel).function(
              m, n, sums.base, stride, constants.words.base, c, ldc, output)
          })
      }
    }
  }
}

/// Compares the stores of float sums.
func finish(
  _ kernel: Kernel<FinishFunctionF32>, _ reference: Kernel<FinishFunctionF32>, _ cases: inout Cases
) {
  for m in [1, 2, 15, 16, 17, 40] {
    for n in [1, 7, 8, 9, 15, 16] {
      var numbers = Numbers(m * 100 + n)
      let stride = (m + 15) / 16 * 16 + 32
      let sums = numbers.floats(16 * stride)
      let ldc = n + 3
      let residual = numbers.floats(m * ldc)
      for isFused in [false, true] {
        let outputs = [0, 1].map { _ in Samples<Float>(m * ldc) { _ in 77 } }
        for (kernel, output) in zip([kernel, reference], outputs) {
          kernel.function(
            m, n, sums.base, stride, isFused ? UnsafePointer(residual.base) : nil, output.base, ldc,
            isFused ? -0.5 : -.infinity, isFused ? 0.75 : .infinity)
        }
        cases.add(outputs[0].isSame(outputs[1]))
      }
    }
  }
}
