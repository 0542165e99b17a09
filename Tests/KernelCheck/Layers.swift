import Kernels

extension Report {
  /// Compares whole integer convolutions of each instruction set with the portable ones: what packs
  /// weights and prepares start values has to agree with the kernels.
  mutating func checkLayers() {
    for isa in InstructionSet.available where isa != .portable {
      for sparsity in [SparseChoice.never, .lanes, .balanced] {
        var cases = Cases()
        for (index, geometry) in geometries.enumerated() {
          let layer = Layer(geometry, seed: index, sparsity)
          cases.add(layer.output(isa).isSame(layer.output(.portable)))
        }
        self.cases += cases.count
        differing += cases.differing == 0 ? 0 : 1
        let verdict = cases.differing == 0 ? "same      " : "DIFFERENT "
        print(
          "\(verdict) \(sparsity.rawValue) layers, set \(isa.rawValue): "
            + "\(cases.differing) of \(cases.count) cases differ")
      }
    }
  }
}

extension Report {
  /// Compares 3x3 float convolutions of each instruction set with the portable ones: large enough for
  /// Winograd's transforms, which have no portable form.
  mutating func checkFloatLayers() {
    for isa in InstructionSet.available where isa != .portable {
      var cases = Cases()
      var name = ""
      for (height, width, pad) in [(28, 28, 1), (17, 30, 1), (25, 26, 0)] {
        let g = ConvolutionGeometry(
          inputHeight: height, inputWidth: width, inputChannels: 64, outputChannels: 72,
          kernelHeight: 3, kernelWidth: 3, padTop: pad, padLeft: pad, padBottom: pad, padRight: pad)
        var numbers = Numbers(height)
        let input = numbers.floats(height * width * 64)
        let weights = numbers.floats(72 * 64 * 9)
        let bias = numbers.floats(72)
        let residual = numbers.floats(g.outputPixels * 72)
        let outputs = [isa, .portable].map { isa in
          let layer = ConvolutionF32(
            g, weights: weights.base, bias: bias.base, clamp: (-30, 40), isa: isa)
          if isa != .portable { name = layer.kernelName }
          let result = Samples<Float>(g.outputPixels * 72) { _ in 77 }
          let scratch = Samples<UInt8>(layer.scratchBytes) { _ in 0 }
          layer.run(
            input: input.base, residual: residual.base, output: result.base, scratch: scratch.base,
            pool: ThreadPool())
          return result
        }
        // Within 1e-5 of the sum of absolute products, about 1/4 each.
        cases.add(outputs[0].isClose(outputs[1], within: 1e-5 * 64 * 9 / 4))
      }
      self.cases += cases.count
      differing += cases.differing == 0 ? 0 : 1
      let verdict = cases.differing == 0 ? "same      " : "DIFFERENT "
      print(
        "\(verdict) float layers, set \(isa.rawValue), \(name): \(cases.differing) of "
          + "\(cases.count) cases differ")
    }
  }
}

private let geometries: [ConvolutionGeometry] = [
  ConvolutionGeometry(inputHeight: 5, inputWidth: 7, inputChannels: 37, outputChannels: 50),
  ConvolutionGeometry(inputHeight: 1, inputWidth: 1, inputChannels: 300, outputChannels: 130),
  ConvolutionGeometry(
    inputHeight: 9, inputWidth: 11, inputChannels: 3, outputChannels: 33, kernelHeight: 3,
    kernelWidth: 3, strideHeight: 2, strideWidth: 2, padTop: 1, padLeft: 1, padBottom: 1,
    padRight: 1),
  ConvolutionGeometry(
    inputHeight: 8, inputWidth: 9, inputChannels: 66, outputChannels: 20, kernelHeight: 3,
    kernelWidth: 3, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1),
  ConvolutionGeometry(
    inputHeight: 6, inputWidth: 7, inputChannels: 12, outputChannels: 20, kernelHeight: 3,
    kernelWidth: 3, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1, groups: 4),
  ConvolutionGeometry(
    inputHeight: 9, inputWidth: 10, inputChannels: 70, outputChannels: 70, kernelHeight: 5,
    kernelWidth: 5, padTop: 2, padLeft: 2, padBottom: 2, padRight: 2, groups: 70),
  ConvolutionGeometry(
    inputHeight: 9, inputWidth: 10, inputChannels: 18, outputChannels: 18, kernelHeight: 3,
    kernelWidth: 3, dilationHeight: 2, dilationWidth: 2, groups: 18),
]

/// A layer with random weights, of which quads of channels are zero here and there.
private struct Layer {
  let geometry: ConvolutionGeometry
  let sparsity: SparseChoice
  let input: Samples<UInt8>
  let weights: Samples<Int8>
  let scales: Samples<Float>
  let bias: Samples<Float>

  init(_ g: ConvolutionGeometry, seed: Int, _ sparsity: SparseChoice) {
    geometry = g
    self.sparsity = sparsity
    var numbers = Numbers(seed)
    input = numbers.bytes(g.batch * g.inputHeight * g.inputWidth * g.inputChannels)
    weights = numbers.weights(g.outputChannels * g.depth)
    let taps = g.kernelHeight * g.kernelWidth
    for index in 0..<weights.count
    where (index / taps / 4 + index % taps + index / g.depth % 2) % 3 == 0 {
      weights.base[index] = 0
    }
    scales = Samples(g.outputChannels) { _ in 0.002 }
    bias = numbers.floats(g.outputChannels)
  }

  func output(_ isa: InstructionSet) -> Samples<UInt8> {
    let layer = ConvolutionI8(
      geometry, weights: weights.base, weightScales: scales.base, bias: bias.base,
      inputScale: 0.037, inputZeroPoint: 113,
      output: .uint8(scale: 0.21, zeroPoint: 100, clampMin: 3, clampMax: 250), isa: isa,
      kernel: nil, sparsity: sparsity)
    let result = Samples<UInt8>(geometry.outputPixels * geometry.outputChannels) { _ in 77 }
    let scratch = Samples<UInt8>(layer.scratchBytes) { _ in 0 }
    layer.run(input: input.base, output: result.base, scratch: scratch.base, pool: ThreadPool())
    return result
  }
}
