import Kernels
import Testing

@Suite struct ConvolutionI8Tests {
  struct Case {
    let geometry: ConvolutionGeometry
    var input: [UInt8], weights: [Int8], scales: [Float], bias: [Float]
    let inputScale: Float = 0.037
    let inputZero: UInt8 = 113

    init(_ g: ConvolutionGeometry) {
      geometry = g
      var numbers = Numbers(UInt64(g.multiplyAccumulates + g.inputChannels))
      input = padded(numbers.bytes(g.batch * g.inputHeight * g.inputWidth * g.inputChannels), 255)
      weights = numbers.weights(g.outputChannels * g.depth)
      scales = numbers.floats(g.outputChannels).map { 0.002 + 0.001 * $0 }
      bias = numbers.floats(g.outputChannels)
    }

    func run(
      _ output: ConvolutionI8.Output, isa: InstructionSet, kernel: String? = nil,
      pool: ThreadPool = ThreadPool()
    ) -> [UInt8] {
      let layer = ConvolutionI8(
        geometry, weights: weights, weightScales: scales, bias: bias, inputScale: inputScale,
        inputZeroPoint: inputZero, output: output, isa: isa, kernel: kernel)
      let size = if case .uint8 = output { 1 } else { 4 }
      let count = geometry.outputPixels * geometry.outputChannels * size
      var result = [UInt8](repeating: 77, count: count + 64)
      withScratch(layer.scratchBytes) { scratch in
        result.withUnsafeMutableBytes { bytes in
          guard let to = bytes.baseAddress else { return }
          layer.run(input: input, output: to, scratch: scratch, pool: pool)
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

    /// The definition, written down again.
    func expectedBytes(scale: Float, zero: Int, min least: Int, max most: Int) -> [UInt8] {
      sums().enumerated().map { index, sum in
        let channel = index % geometry.outputChannels
        let unit = Double(inputScale) * Double(scales[channel])
        let bias = (Double(self.bias[channel]) / unit).rounded(.toNearestOrAwayFromZero)
        let factor = unit / Double(scale)
        var shift = 0
        while factor * 0x1p30 >= Double(sign: .plus, exponent: 31 - shift, significand: 1) {
          shift -= 1
        }
        while factor * Double(sign: .plus, exponent: shift, significand: 1) < 0x1p30 { shift += 1 }
        let multiplier = Int(
          (factor * Double(sign: .plus, exponent: shift, significand: 1)).rounded())
        let scaled = ((sum + Int(bias)) * multiplier + 1 << (shift - 1)) >> shift
        return UInt8(Swift.min(Swift.max(zero + scaled, least), most))
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
      Self.floats(test.run(Self.floats, isa: .portable)) == test.expectedFloats(min: -4, max: 5))
  }

  @Test(arguments: geometries, vectorSets) func vectorsGiveTheSameBits(
    _ g: ConvolutionGeometry, _ isa: InstructionSet
  ) {
    let test = Case(g)
    for output in [Self.bytes, Self.floats] {
      #expect(test.run(output, isa: isa) == test.run(output, isa: .portable))
    }
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
        }
      }
    }
  }

  /// Real factors that need shifts from one end to the other.
  @Test(arguments: [-40, -33, -31, -20, -3, 0, 1, 5, 20, 29, 31, 40])
  func extremeScalesGiveTheSameBits(_ exponent: Int) {
    for g in geometries.filter({ $0.isDepthwiseForTests || $0.outputPixels == 15 }) {
      let test = Case(g)
      let unit = test.inputScale * 0.002
      let scale = unit / Float(sign: .plus, exponent: exponent, significand: 1)
      let output = ConvolutionI8.Output.uint8(
        scale: scale, zeroPoint: 7, clampMin: 0, clampMax: 255)
      #expect(test.run(output, isa: .best) == test.run(output, isa: .portable))
    }
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

  @Test(arguments: geometries) func quantizesAtRunTime(_ g: ConvolutionGeometry) {
    let test = Case(g)
    var numbers = Numbers(5)
    let input = padded(
      numbers.floats(g.batch * g.inputHeight * g.inputWidth * g.inputChannels, times: 3), 0)
    func run(_ isa: InstructionSet, _ pool: ThreadPool) -> [Float] {
      let layer = ConvolutionDynamicI8(
        g, weights: test.weights, weightScales: test.scales, bias: test.bias, isa: isa)
      var output = [Float](repeating: 0, count: g.outputPixels * g.outputChannels)
      withScratch(layer.scratchBytes) { scratch in
        output.withUnsafeMutableBufferPointer { to in
          guard let to = to.baseAddress else { return }
          layer.run(input: input, output: to, scratch: scratch, pool: pool)
        }
      }
      return output
    }
    let portable = run(.portable, ThreadPool())
    #expect(portable == run(.best, ThreadPool(threads: 2)))
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
