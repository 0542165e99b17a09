import Convert
import Kernels

/// Times one layer on random data, with everything but its weights left as the kernels choose.
struct KernelMeasurement {
  let shape: KernelShape
  let isInteger: Bool
  let pool: ThreadPool

  /// What a run was.
  struct Result {
    let kernel: String
    let seconds: Double
    let work: PackedWork
  }

  /// The name of the types, as in names of kernels.
  var type: String { isInteger ? "u8s8" : "f32" }

  /// The best time of the layer with a part of its weights zero: quads of input channels for integers,
  /// single weights for floats.
  func time(zeros: Double = 0, kernel: String? = nil, sparsity: SparseChoice = .never) -> Result {
    isInteger ? integer(zeros, kernel, sparsity) : float(zeros, kernel, sparsity)
  }

  /// What a product does at `zeros`.
  func work(zeros: Double, _ sparsity: SparseChoice) -> ProductWork {
    let g = shape.geometry
    guard sparsity == .balanced else {
      return sparsity == .lanes ? .lanes(stored: stored(zeros: zeros)) : .dense
    }
    let segments = BlockSegments(quads: (g.inputChannels + 3) / 4)
    let panels = (g.outputChannels + 15) / 16 * g.kernelHeight * g.kernelWidth
    let steps = (0..<segments.count).map { Self.kept(segments.range($0).count, zeros) }
    return .balanced(
      steps: panels * steps.reduce(0, +), segments: panels * steps.count { $0 > 0 })
  }

  /// The quads of a balanced segment that are kept.
  private static func kept(_ quads: Int, _ zeros: Double) -> Int {
    Int((Double(quads) * (1 - zeros)).rounded())
  }

  /// The weights that a sparse product stores at `zeros`.
  private func stored(zeros: Double) -> Int {
    let pattern = pattern(zeros)
    let g = shape.geometry
    let channels = g.inputChannels / g.groups
    let taps = g.kernelHeight * g.kernelWidth
    var count = 0
    for output in 0..<g.outputChannels {
      for channel in stride(from: 0, to: channels, by: isInteger ? 4 : 1) {
        for tap in 0..<taps where pattern((output * channels + channel) * taps + tap) { count += 1 }
      }
    }
    return count
  }

  /// Whether the weight at an index [output][input][tap] is kept, with as many quads in each output.
  private func balancedPattern(_ zeros: Double) -> (Int) -> Bool {
    let g = shape.geometry
    let taps = g.kernelHeight * g.kernelWidth
    let depth = g.depth
    let segments = BlockSegments(quads: (g.inputChannels + 3) / 4)
    return { index in
      let (output, rest) = index.quotientAndRemainder(dividingBy: depth)
      let quad = rest / taps / 4
      let segment = segments.range(quad / segments.size)
      let place = (quad + output * 5 + rest % taps * 3) % segment.count
      return place < Self.kept(segment.count, zeros)
    }
  }

  /// Whether the weight at an index [output][input][tap] is kept.
  private func pattern(_ zeros: Double) -> (Int) -> Bool {
    let g = shape.geometry
    let taps = g.kernelHeight * g.kernelWidth
    let depth = g.depth
    let quad = isInteger ? 4 : 1
    let limit = UInt64(zeros * Double(1 << 32))
    return { index in
      let (output, rest) = index.quotientAndRemainder(dividingBy: depth)
      let (channel, tap) = rest.quotientAndRemainder(dividingBy: taps)
      var state = UInt64((output * depth + channel / quad * taps + tap) &+ 1)
      return Self.scramble(&state) >> 32 >= limit
    }
  }

  /// SplitMix64.
  private static func scramble(_ state: inout UInt64) -> UInt64 {
    state &*= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  private func integer(_ zeros: Double, _ kernel: String?, _ sparsity: SparseChoice) -> Result {
    let g = shape.geometry
    let keeps = sparsity == .balanced ? balancedPattern(zeros) : pattern(zeros)
    let weights = (0..<shape.weightCount).map { keeps($0) ? Int8($0 * 37 % 127 + 1) : 0 }
    let scales = [Float](repeating: 0.01, count: g.outputChannels)
    let layer = ConvolutionI8(
      g, weights: weights, weightScales: scales, bias: nil, inputScale: 0.02, inputZeroPoint: 3,
      output: .uint8(scale: 1, zeroPoint: 9, clampMin: 0, clampMax: 255), isa: .best,
      kernel: kernel, sparsity: sparsity)
    let input = memory(shape.inputCount)
    let output = memory(shape.outputCount)
    let scratch = memory(layer.scratchBytes)
    defer { for buffer in [input, output, scratch] { buffer.deallocate() } }
    for index in 0..<shape.inputCount {
      input.storeBytes(
        of: UInt8(truncatingIfNeeded: index &* 131), toByteOffset: index, as: UInt8.self)
    }
    let seconds = Self.best {
      layer.run(
        input: input.assumingMemoryBound(to: UInt8.self), output: output, scratch: scratch,
        pool: pool)
    }
    return Result(kernel: layer.kernelName, seconds: seconds, work: layer.work)
  }

  private func float(_ zeros: Double, _ kernel: String?, _ sparsity: SparseChoice) -> Result {
    let keeps = pattern(zeros)
    let weights = (0..<shape.weightCount).map { keeps($0) ? Float($0 * 37 % 127 + 1) / 512 : 0 }
    let layer = ConvolutionF32(
      shape.geometry, weights: weights, bias: nil, clamp: (-.infinity, .infinity), isa: .best,
      kernel: kernel, sparsity: sparsity)
    let input = memory(shape.inputCount * 4)
    let output = memory(shape.outputCount * 4)
    let scratch = memory(layer.scratchBytes)
    defer { for buffer in [input, output, scratch] { buffer.deallocate() } }
    for index in 0..<shape.inputCount {
      input.storeBytes(of: Float(index % 251) / 125 - 1, toByteOffset: index * 4, as: Float.self)
    }
    let seconds = Self.best {
      layer.run(
        input: input.assumingMemoryBound(to: Float.self),
        output: output.assumingMemoryBound(to: Float.self), scratch: scratch, pool: pool)
    }
    return Result(kernel: layer.kernelName, seconds: seconds, work: layer.work)
  }

  /// Zeroed memory with room behind its end, as activations have.
  private func memory(_ count: Int) -> UnsafeMutableRawPointer {
    let pointer = UnsafeMutableRawPointer.allocate(byteCount: count + 64, alignment: 64)
    pointer.initializeMemory(as: UInt8.self, repeating: 0, count: count + 64)
    return pointer
  }

  /// The best time of one run: of nine trials, each as many runs as half a millisecond has.
  static func best(_ run: () -> Void) -> Double {
    var start = ProcessCosts.now
    run()
    let once = max(ProcessCosts.now - start, 1e-7)
    let repetitions = max(1, Int(0.5e-3 / once))
    var best = Double.infinity
    for _ in 0..<9 {
      start = ProcessCosts.now
      for _ in 0..<repetitions { run() }
      best = min(best, (ProcessCosts.now - start) / Double(repetitions))
    }
    return best
  }
}
