import Kernels
import Testing

@Suite struct ConvolutionI8Tests {
  struct Case {
    let geometry: ConvolutionGeometry
    var input: [UInt8], weights: [Int8], scales: [Float], bias: [Float], residual: [UInt8]
    let inputScale: Float = 0.037
    let inputZero: UInt8 = 113

    init(_ g: ConvolutionGeometry) {
      geometry = g
      var numbers = Numbers(UInt64(g.multiplyAccumulates + g.inputChannels))
      input = padded(numbers.bytes(g.batch * g.inputHeight * g.inputWidth * g.inputChannels), 255)
      weights = numbers.weights(g.outputChannels * g.depth)
      scales = numbers.floats(g.outputChannels).map { 0.002 + 0.001 * $0 }
      bias = numbers.floats(g.outputChannels)
      residual = padded(numbers.bytes(g.outputPixels * g.outputChannels), 255)
    }

    func run(
      _ output: ConvolutionI8.Output, isa: InstructionSet, kernel: String? = nil,
      adds: Bool = false,
      pool: ThreadPool = ThreadPool(),
      sparsity: SparseChoice = .automatic
    ) -> [UInt8] {
      let layer = ConvolutionI8(
        geometry, weights: weights, weightScales: scales, bias: bias, inputScale: inputScale,
        inputZeroPoint: inputZero, output: output, isa: isa, kernel: kernel, sparsity: sparsity)
      let size = if case .uint8 = output { 1 } else { 4 }
      let count = geometry.outputPixels * geometry.outputChannels * size
      var result = [UInt8](repeating: 77, count: count + 64)
      withScratch(layer.scratch.mostBytes) { scratch in
        result.withUnsafeMutableBytes { bytes in
          guard let to = bytes.baseAddress else { return }
          residual.withUnsafeBufferPointer {
            let residual = $0.baseAddress.map {
              ConvolutionI8.Residual($0, scale: 0.13, zeroPoint: 91)
            }
            layer.run(
              input: input, residual: adds ? residual : nil, output: to, scratch: scratch,
              pool: pool)
          }
        }
      }
      #expect(result[count...].allSatisfy { $0 == 77 }, "nothing is written past the output")
      return Array(result[..<count])
    }

    /// The exact sums.
    func sums() -> [Int] {
      var sums = [Int](repeating: 0, count: geometry.outputPixels * geometry.outputChannels)
      forEachProduct(geometry) { output, weight, input in
        guard input >= 0 else { return }
        sums[output] += (Int(self.input[input]) - Int(inputZero)) * Int(weights[weight])
      }
      return sums
    }

    /// The definition, written down again, in double precision rounded to float after each operation.
    func expectedBytes(
      scale: Float, zero: Int, min least: Int, max most: Int, adds: Bool = false
    ) -> [UInt8] {
      sums().enumerated().map { index, sum in
        let channel = index % geometry.outputChannels
        let unit = Double(inputScale) * Double(scales[channel])
        let bias = (Double(self.bias[channel]) / unit).rounded(.toNearestOrAwayFromZero)
        let factor = inputScale * scales[channel] / scale
        var value = Float(Double(Float(sum + Int(bias))) * Double(factor))
        if adds {
          let factor = Float(Double(Float(0.13)) / Double(scale))
          let term = Float(Double(Int(residual[index]) - 91) * Double(factor))
          value = Float(Double(value) + Double(term))
        }
        let rounded = Int(value.rounded(.toNearestOrEven))
        return UInt8(Swift.min(Swift.max(zero + rounded, least), most))
      }
    }

    func expectedFloats(min least: Float, max most: Float) -> [Float] {
      sums().enumerated().map { index, sum in
        let channel = index % geometry.outputChannels
        let product = Float(sum) * (inputScale * scales[channel])
        return Swift.min(Swift.max(product + bias[channel], least), most)
      }
    }
  }

  static let bytes = ConvolutionI8.Output.uint8(
    scale: 0.21, zeroPoint: 100, clampMin: 3, clampMax: 250)
  static let floats = ConvolutionI8.Output.float32(min: -4, max: 5)

  static func floats(_ bytes: [UInt8]) -> [Float] {
    bytes.withUnsafeBytes { raw in
      (0..<bytes.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }

  @Test(arguments: geometries) func portableFollowsTheDefinition(_ g: ConvolutionGeometry) {
    let test = Case(g)
    #expect(
      test.run(Self.bytes, isa: .portable)
        == test.expectedBytes(scale: 0.21, zero: 100, min: 3, max: 250))
    #expect(
      test.run(Self.bytes, isa: .portable, adds: true)
        == test.expectedBytes(scale: 0.21, zero: 100, min: 3, max: 250, adds: true))
    #expect(
      Self.floats(test.run(Self.floats, isa: .portable)) == test.expectedFloats(min: -4, max: 5))
  }

  @Test(arguments: geometries, vectorSets) func vectorsGiveTheSameBits(
    _ g: ConvolutionGeometry, _ isa: InstructionSet
  ) {
    let test = Case(g)
    for output in [Self.bytes, Self.floats] {
      #expect(test.run(output, isa: isa) == test.run(output, isa: .portable))
    }
    #expect(
      test.run(Self.bytes, isa: isa, adds: true)
        == test.run(Self.bytes, isa: .portable, adds: true))
  }

  @Test(arguments: KernelTable.all(.igemmU8S8, as: ProductFunctionU8S8.self))
  func everyKernelGivesTheSameBitsAroundItsTile(_ kernel: Kernel<ProductFunctionU8S8>) {
    guard kernel.isa.isAvailable else { return }
    for rows in around(kernel.rows) {
      for columns in around(kernel.columns) + around(16) {
        for (depth, taps) in [(1, 1), (26, 1), (17, 3)] {
          let g = ConvolutionGeometry(
            inputHeight: 1, inputWidth: rows, inputChannels: depth, outputChannels: columns,
            kernelHeight: 1, kernelWidth: taps, padLeft: taps / 2, padRight: taps / 2)
          let test = Case(g)
          for output in [Self.bytes, Self.floats] {
            #expect(
              test.run(output, isa: kernel.isa, kernel: kernel.name.string)
                == test.run(output, isa: .portable),
              "\(rows) x \(columns), \(depth) deep, \(taps) taps")
          }
          #expect(
            test.run(Self.bytes, isa: kernel.isa, kernel: kernel.name.string, adds: true)
              == test.run(Self.bytes, isa: .portable, adds: true),
            "\(rows) x \(columns), \(depth) deep, \(taps) taps, with a residual")
        }
      }
    }
  }

  /// Real factors from one end to the other: sums that vanish, and sums far above any bound.
  @Test(arguments: [-140, -40, -20, -3, 0, 1, 5, 20, 29, 31, 40, 70, 120])
  func extremeScalesGiveTheSameBits(_ exponent: Int) {
    for g in geometries.filter({ $0.isDepthwiseForTests || $0.outputPixels == 15 }) {
      let test = Case(g)
      let unit = test.inputScale * 0.002
      let scale = unit / Float(sign: .plus, exponent: exponent, significand: 1)
      let output = ConvolutionI8.Output.uint8(
        scale: scale, zeroPoint: 7, clampMin: 0, clampMax: 255)
      for adds in [false, true] {
        #expect(
          test.run(output, isa: .best, adds: adds) == test.run(output, isa: .portable, adds: adds))
      }
    }
  }

  @Test func residualMayBeTheOutput() {
    for g in geometries {
      let test = Case(g)
      for isa in [InstructionSet.portable, .best] {
        let layer = ConvolutionI8(
          g, weights: test.weights, weightScales: test.scales, bias: test.bias,
          inputScale: test.inputScale, inputZeroPoint: test.inputZero, output: Self.bytes, isa: isa)
        var output = test.residual
        withScratch(layer.scratch.mostBytes) { scratch in
          output.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            layer.run(
              input: test.input, residual: .init(base, scale: 0.13, zeroPoint: 91), output: base,
              scratch: scratch, pool: ThreadPool())
          }
        }
        #expect(Array(output.dropLast(64)) == test.run(Self.bytes, isa: isa, adds: true))
      }
    }
  }

  /// No factor makes what is not a number, and the bias stays within 32 bits.
  @Test func rescalingIsHeld() {
    #expect(Rescaling.factor(input: 3e38, weight: 3e38, output: 1e-38) == 0x1p64)
    #expect(Rescaling.factor(input: .nan, weight: 1, output: 1) == 0)
    #expect(Rescaling.factor(input: 0.5, weight: 0.25, output: 2) == 0.0625)
    #expect(Rescaling.integerBias(1e30, unit: 1e-9) == 1 << 30)
    #expect(Rescaling.integerBias(0, unit: 0) == 0)
    #expect(Rescaling.integerBias(-2.5, unit: 1) == -3)
    let halves: [Float] = [-1e30, -8.5, -7.5, -0.5, 0.5, 1.5, 2.5, 1e30]
    let stored = halves.map { Rescaling.stored($0, zero: 9, least: 1, most: 200) }
    #expect(stored == [1, 1, 1, 9, 9, 11, 11, 200])
  }

  @Test(arguments: [2, 3]) func threadsGiveTheSameBits(_ threads: Int) {
    let pool = ThreadPool(threads: threads)
    for g in geometries {
      let test = Case(g)
      for isa in [InstructionSet.portable, .best] {
        #expect(test.run(Self.bytes, isa: isa) == test.run(Self.bytes, isa: isa, pool: pool))
      }
    }
  }

  /// The same in steps, as plans do it: the input is quantized apart, and the run tells its range.
  private static func runInSteps(
    _ g: ConvolutionGeometry, _ test: Case, _ input: [Float]
  ) -> [Float] {
    let pool = ThreadPool(threads: 2)
    let count = g.batch * g.inputHeight * g.inputWidth * g.inputChannels
    let layer = ConvolutionDynamicI8(
      g, weights: test.weights, weightScales: test.scales, bias: test.bias)
    let bounds = VectorKernels.best.range(of: input, count: count, pool: pool)
    #expect(bounds.least == min(0, input[..<count].min() ?? 0))
    #expect(bounds.greatest == max(0, input[..<count].max() ?? 0))
    let range = DynamicRange(least: bounds.least, greatest: bounds.greatest)
    var quantized = [UInt8](repeating: 0, count: count + 64)
    var output = [Float](repeating: 0, count: g.outputPixels * g.outputChannels)
    var memory = [Float](repeating: 99, count: WrittenRange.elements)
    withScratch(layer.quantizedScratch.mostBytes) { scratch in
      quantized.withUnsafeMutableBufferPointer { bytes in
        output.withUnsafeMutableBufferPointer { to in
          memory.withUnsafeMutableBufferPointer { memory in
            guard let bytes = bytes.baseAddress, let to = to.baseAddress,
              let memory = memory.baseAddress
            else { return }
            VectorKernels.best.quantize(input, to: bytes, count: count, by: range, pool: pool)
            layer.run(
              quantized: bytes, range: range, output: to,
              written: WrittenRange(clearing: memory, threads: 2), scratch: scratch, pool: pool)
          }
        }
      }
    }
    let told = WrittenRange.bounds(memory, threads: 2)
    if layer.tellsRange {
      #expect(told?.least == min(0, output.min() ?? 0))
      #expect(told?.greatest == max(0, output.max() ?? 0))
    }
    return output
  }

  @Test(arguments: geometries) func quantizesAtRunTime(_ g: ConvolutionGeometry) {
    let test = Case(g)
    var numbers = Numbers(5)
    let input = padded(
      numbers.floats(g.batch * g.inputHeight * g.inputWidth * g.inputChannels, times: 3), 0)
    func run(_ isa: InstructionSet, _ pool: ThreadPool) -> [Float] {
      let layer = ConvolutionDynamicI8(
        g, weights: test.weights, weightScales: test.scales, bias: test.bias, isa: isa)
      var output = [Float](repeating: 0, count: g.outputPixels * g.outputChannels)
      withScratch(layer.scratch.mostBytes) { scratch in
        output.withUnsafeMutableBufferPointer { to in
          guard let to = to.baseAddress else { return }
          layer.run(input: input, output: to, scratch: scratch, pool: pool)
        }
      }
      return output
    }
    let portable = run(.portable, ThreadPool())
    #expect(portable == run(.best, ThreadPool(threads: 2)))
    #expect(portable == Self.runInSteps(g, test, input))
    var exact = portable.indices.map { Double(test.bias[$0 % g.outputChannels]) }
    var sizes = exact.map { _ in 0.0 }
    forEachProduct(g) { output, weight, from in
      guard from >= 0 else { return }
      let scale = Double(test.scales[output % g.outputChannels])
      let real = Double(test.weights[weight]) * scale
      exact[output] += real * Double(input[from])
      sizes[output] += real.magnitude
    }
    for i in portable.indices {
      // Half a step of the input for each product.
      #expect((Double(portable[i]) - exact[i]).magnitude <= sizes[i] * 3 / 255 + 1e-4)
    }
  }
}

extension ConvolutionGeometry {
  var isDepthwiseForTests: Bool { groups == inputChannels && groups > 1 }
}
