import Kernels
import Testing

@Suite struct ConvolutionF32Tests {
  struct Case {
    let geometry: ConvolutionGeometry
    var input: [Float], weights: [Float], bias: [Float], residual: [Float]

    init(_ g: ConvolutionGeometry) {
      geometry = g
      var numbers = Numbers(UInt64(g.multiplyAccumulates + g.inputChannels))
      input = padded(numbers.floats(g.batch * g.inputHeight * g.inputWidth * g.inputChannels), .nan)
      weights = numbers.floats(g.outputChannels * g.depth)
      bias = numbers.floats(g.outputChannels)
      residual = padded(numbers.floats(g.outputPixels * g.outputChannels), .nan)
    }

    func run(
      isa: InstructionSet, kernel: String? = nil, fused: Bool = true,
      pool: ThreadPool = ThreadPool(),
      sparsity: SparseChoice = .automatic
    ) -> [Float] {
      let layer = ConvolutionF32(
        geometry, weights: weights, bias: fused ? bias : nil,
        clamp: fused ? (-0.5, 6) : (-.infinity, .infinity), isa: isa, kernel: kernel,
        sparsity: sparsity)
      var output = [Float](repeating: .nan, count: geometry.outputPixels * geometry.outputChannels)
      withScratch(layer.scratch.mostBytes) { scratch in
        output.withUnsafeMutableBufferPointer { to in
          guard let to = to.baseAddress else { return }
          residual.withUnsafeBufferPointer {
            layer.run(
              input: input, residual: fused ? $0.baseAddress : nil, output: to, scratch: scratch,
              pool: pool)
          }
        }
      }
      return output
    }

    /// The outputs, and the range that the run tells, if it does.
    func runTellingRange(_ isa: InstructionSet) -> (output: [Float], range: (Float, Float)?) {
      let layer = ConvolutionF32(geometry, weights: weights, bias: bias, isa: isa)
      var output = [Float](repeating: .nan, count: geometry.outputPixels * geometry.outputChannels)
      var memory = [Float](repeating: 99, count: WrittenRange.elements)
      withScratch(layer.scratch.mostBytes) { scratch in
        output.withUnsafeMutableBufferPointer { to in
          memory.withUnsafeMutableBufferPointer { memory in
            guard let to = to.baseAddress, let memory = memory.baseAddress else { return }
            layer.run(
              input: input, output: to,
              written: WrittenRange(clearing: memory, threads: 2, isa: isa), scratch: scratch,
              pool: ThreadPool(threads: 2))
          }
        }
      }
      let told = WrittenRange.bounds(memory, threads: 2)
      return (output, layer.tellsRange ? told.map { ($0.least, $0.greatest) } : nil)
    }

    func kernelName(_ isa: InstructionSet, named name: String? = nil) -> String {
      ConvolutionF32(
        geometry, weights: weights, bias: bias, clamp: (-.infinity, .infinity), isa: isa,
        kernel: name, sparsity: name == nil ? .automatic : .never
      ).kernelName
    }

    /// The outputs in double precision, and the sums of absolute products.
    func exact(fused: Bool = true) -> (values: [Double], sizes: [Double]) {
      let count = geometry.outputPixels * geometry.outputChannels
      var values = [Double](repeating: 0, count: count)
      var sizes = [Double](repeating: 0, count: count)
      for i in 0..<count where fused {
        values[i] = Double(bias[i % geometry.outputChannels]) + Double(residual[i])
        sizes[i] =
          Double(bias[i % geometry.outputChannels]).magnitude + Double(residual[i]).magnitude
      }
      forEachProduct(geometry) { output, weight, input in
        guard input >= 0 else { return }
        let product = Double(weights[weight]) * Double(self.input[input])
        values[output] += product
        sizes[output] += product.magnitude
      }
      if fused { values = values.map { min(max($0, -0.5), 6) } }
      return (values, sizes)
    }
  }

  /// Winograd's errors are those of whole tiles: the largest sum of absolute products counts.
  static func expectClose(
    _ actual: [Float], _ exact: (values: [Double], sizes: [Double]), _ what: Comment,
    byLargest: Bool = false
  ) {
    let largest = exact.sizes.max() ?? 0
    let wrong = actual.indices.filter {
      let error = (Double(actual[$0]) - exact.values[$0]).magnitude
      return !(error <= 1e-5 * (byLargest ? largest : exact.sizes[$0]) + 1e-8)
    }
    #expect(wrong.isEmpty, what)
  }

  @Test(arguments: geometries) func runsTellTheRangeOfWhatTheyWrite(_ g: ConvolutionGeometry) {
    for isa in [InstructionSet.portable, .best] {
      let (output, range) = Case(g).runTellingRange(isa)
      guard let range else { continue }
      #expect(range.0 == min(0, output.min() ?? 0) && range.1 == max(0, output.max() ?? 0))
    }
  }

  @Test(arguments: geometries) func portableAgreesWithDoublePrecision(_ g: ConvolutionGeometry) {
    let test = Case(g)
    Self.expectClose(test.run(isa: .portable), test.exact(), "fused")
    Self.expectClose(test.run(isa: .portable, fused: false), test.exact(fused: false), "plain")
  }

  @Test(arguments: geometries, vectorSets) func vectorsAgree(
    _ g: ConvolutionGeometry, _ isa: InstructionSet
  ) {
    let test = Case(g)
    let isWinograd = test.kernelName(isa).hasPrefix("winograd")
    Self.expectClose(test.run(isa: isa), test.exact(), "fused", byLargest: isWinograd)
    Self.expectClose(
      test.run(isa: isa, fused: false), test.exact(fused: false), "plain", byLargest: isWinograd)
  }

  /// Sizes around the tiles, paddings, batches and channels that do not fill vectors.
  @Test(arguments: [(4, 4, 0), (6, 6, 1), (5, 7, 1), (9, 3, 2), (12, 13, 0), (16, 15, 1)])
  func winogradAgrees(_ height: Int, _ width: Int, _ pad: Int) {
    guard InstructionSet.avx512vnni.isAvailable else { return }
    for (channels, outputs, batch) in [(16, 16, 1), (17, 40, 2), (64, 33, 1), (130, 16, 1)] {
      let g = ConvolutionGeometry(
        batch: batch, inputHeight: height, inputWidth: width, inputChannels: channels,
        outputChannels: outputs, kernelHeight: 3, kernelWidth: 3, padTop: pad, padLeft: pad / 2,
        padBottom: pad / 2, padRight: pad)
      let test = Case(g)
      // With few tiles, or many empty ones, it does not pay.
      if g.outputPixels >= batch * 200, channels < 130 {
        #expect(test.kernelName(.avx512vnni).hasPrefix("winograd"), "\(g)")
      }
      Self.expectClose(
        test.run(isa: .avx512vnni), test.exact(), "\(g)", byLargest: true)
    }
  }

  @Test(arguments: KernelTable.all(.igemmF32, as: ProductFunctionF32.self))
  func everyKernelAgreesAroundItsTile(_ kernel: Kernel<ProductFunctionF32>) {
    guard kernel.isa.isAvailable else { return }
    for rows in around(kernel.rows) {
      for columns in around(kernel.columns) + around(16) {
        for (depth, taps) in [(1, 1), (6, 1), (17, 3)] {
          let g = ConvolutionGeometry(
            inputHeight: 1, inputWidth: rows, inputChannels: depth, outputChannels: columns,
            kernelHeight: 1, kernelWidth: taps, padLeft: taps / 2, padRight: taps / 2)
          let test = Case(g)
          Self.expectClose(
            test.run(isa: kernel.isa, kernel: kernel.name.string), test.exact(),
            "\(rows) x \(columns), \(depth) deep, \(taps) taps")
        }
      }
    }
  }

  @Test(arguments: KernelTable.all(.gemmF32, as: RowProductFunctionF32.self))
  func everyRowKernelAgreesAroundItsTile(_ kernel: Kernel<RowProductFunctionF32>) {
    guard kernel.isa.isAvailable else { return }
    for rows in around(kernel.rows) + [kernel.rows * 40 + 5] where rows > 1 {
      for columns in around(kernel.columns) + around(16) {
        for depth in [1, 6, 32, 40] {
          let g = ConvolutionGeometry(
            inputHeight: 1, inputWidth: rows, inputChannels: depth, outputChannels: columns)
          let test = Case(g)
          let name = kernel.name.string
          #expect(test.kernelName(kernel.isa, named: name) == name)
          Self.expectClose(
            test.run(isa: kernel.isa, kernel: name, sparsity: .never), test.exact(),
            "\(rows) x \(columns), \(depth) deep")
        }
      }
    }
  }

  /// Images of one to four planes, with kernels, strides and paddings as first layers have them.
  @Test(arguments: vectorSets) func planesAgree(_ isa: InstructionSet) {
    for (channels, outputs, kernel, stride, pad) in [
      (3, 16, 3, 2, 1), (3, 24, 3, 2, 0), (1, 5, 5, 1, 2), (4, 64, 7, 2, 3), (3, 40, 3, 1, 1),
      (2, 96, 4, 2, 3),
    ] {
      for (height, width, batch) in [(9, 40, 2), (14, 7, 1), (8, 61, 1)] {
        let g = ConvolutionGeometry(
          batch: batch, inputHeight: height, inputWidth: width, inputChannels: channels,
          outputChannels: outputs, kernelHeight: kernel, kernelWidth: kernel, strideHeight: stride,
          strideWidth: stride, padTop: pad, padLeft: pad, padBottom: pad, padRight: pad / 2)
        guard g.outputPixels > 0, ConvolutionF32.canReadPlanes(g, isa: isa) else {
          #expect(g.outputPixels == 0 || isa != .avx512vnni)
          continue
        }
        var test = Case(g)
        test.residual = padded([Float](repeating: 0, count: test.residual.count - 64), .nan)
        let exact = test.exact()
        // The same input, plane by plane.
        let pixels = height * width
        let planes = (0..<batch * channels * pixels).map { index in
          let (image, place) = (index / (channels * pixels), index % (channels * pixels))
          return test.input[(image * pixels + place % pixels) * channels + place / pixels]
        }
        let layer = ConvolutionF32(
          g, weights: test.weights, bias: test.bias, clamp: (-0.5, 6), readsPlanes: true, isa: isa)
        for threads in [1, 3] {
          var output = [Float](repeating: .nan, count: g.outputPixels * outputs)
          withScratch(layer.scratch.mostBytes) { scratch in
            layer.run(
              input: padded(planes, .nan), output: &output, scratch: scratch,
              pool: ThreadPool(threads: threads))
          }
          Self.expectClose(output, exact, "\(g)")
        }
      }
    }
  }

  @Test(arguments: [2, 3]) func threadsGiveTheSameBits(_ threads: Int) {
    let pool = ThreadPool(threads: threads)
    for g in geometries {
      let test = Case(g)
      for isa in [InstructionSet.portable, .best] {
        #expect(test.run(isa: isa) == test.run(isa: isa, pool: pool))
      }
    }
  }

  @Test func residualMayBeTheOutput() {
    for g in geometries {
      let test = Case(g)
      for isa in [InstructionSet.portable, .best] {
        let layer = ConvolutionF32(
          g, weights: test.weights, bias: test.bias, clamp: (-0.5, 6), isa: isa)
        var output = test.residual
        withScratch(layer.scratch.mostBytes) { scratch in
          output.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            layer.run(
              input: test.input, residual: UnsafePointer(base), output: base, scratch: scratch,
              pool: ThreadPool())
          }
        }
        #expect(Array(output.dropLast(64)) == test.run(isa: isa))
      }
    }
  }
}
