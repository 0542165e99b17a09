import Kernels
import Testing

@Suite struct PoolingTests {
  static let kinds: [Pooling.Kind] = [
    .maximum, .average(countsPadding: true), .average(countsPadding: false),
  ]
  static let geometries: [ConvolutionGeometry] = [1, 15, 16, 33, 64, 65].flatMap { channels in
    [
      ConvolutionGeometry(
        batch: 2, inputHeight: 7, inputWidth: 9, inputChannels: channels, outputChannels: channels,
        kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2, padTop: 1, padLeft: 1,
        padBottom: 2, padRight: 2),
      ConvolutionGeometry(
        inputHeight: 4, inputWidth: 5, inputChannels: channels, outputChannels: channels,
        kernelHeight: 4, kernelWidth: 5),
      ConvolutionGeometry(
        inputHeight: 3, inputWidth: 3, inputChannels: channels, outputChannels: channels,
        kernelHeight: 2, kernelWidth: 2, dilationHeight: 2, padTop: 3, padLeft: 3),
    ]
  }

  /// The positions of the taps of output pixel `pixel` that lie in the input.
  static func taps(_ g: ConvolutionGeometry, _ pixel: Int, _ channel: Int) -> [Int] {
    let x = pixel % g.outputWidth
    let y = pixel / g.outputWidth % g.outputHeight
    let image = pixel / g.outputWidth / g.outputHeight
    var found: [Int] = []
    for ky in 0..<g.kernelHeight {
      for kx in 0..<g.kernelWidth {
        let row = y * g.strideHeight + ky * g.dilationHeight - g.padTop
        let column = x * g.strideWidth + kx * g.dilationWidth - g.padLeft
        guard row >= 0, row < g.inputHeight, column >= 0, column < g.inputWidth else { continue }
        found.append(
          ((image * g.inputHeight + row) * g.inputWidth + column) * g.inputChannels + channel)
      }
    }
    return found
  }

  @Test(arguments: geometries, kinds) func poolsFloats(
    _ g: ConvolutionGeometry, _ kind: Pooling.Kind
  ) {
    var numbers = Numbers(2)
    let input = padded(
      numbers.floats(g.batch * g.inputHeight * g.inputWidth * g.inputChannels), .nan)
    let results = [(InstructionSet.portable, 1), (.best, 2)].map { isa, threads in
      let layer = Pooling(g, kind, elementBytes: 4, isa: isa)
      var output = [Float](repeating: .nan, count: g.outputPixels * g.inputChannels)
      withScratch(layer.scratchBytes) { scratch in
        output.withUnsafeMutableBufferPointer { to in
          guard let to = to.baseAddress else { return }
          layer.run(
            input: input, output: to, scratch: scratch, pool: ThreadPool(threads: threads))
        }
      }
      return output
    }
    #expect(results[0] == results[1])
    for i in results[0].indices {
      let values = Self.taps(g, i / g.inputChannels, i % g.inputChannels).map { input[$0] }
      let whole = g.kernelHeight * g.kernelWidth
      let exact: Float =
        switch kind {
        case .maximum: values.max() ?? -.infinity
        case .average(true): values.reduce(0, +) / Float(whole)
        case .average(false): values.reduce(0, +) / Float(max(1, values.count))
        }
      #expect(results[0][i] == exact || (results[0][i] - exact).magnitude < 1e-6)
    }
  }

  @Test(arguments: geometries, kinds) func poolsBytes(
    _ g: ConvolutionGeometry, _ kind: Pooling.Kind
  ) {
    var numbers = Numbers(2)
    let input = padded(numbers.bytes(g.batch * g.inputHeight * g.inputWidth * g.inputChannels), 255)
    let results = [(InstructionSet.portable, 1), (.best, 3)].map { isa, threads in
      let layer = Pooling(g, kind, elementBytes: 1, isa: isa)
      var output = [UInt8](repeating: 0, count: g.outputPixels * g.inputChannels)
      withScratch(layer.scratchBytes) { scratch in
        output.withUnsafeMutableBufferPointer { to in
          guard let to = to.baseAddress else { return }
          layer.run(
            input: input, zeroPoint: 17, output: to, scratch: scratch,
            pool: ThreadPool(threads: threads))
        }
      }
      return output
    }
    #expect(results[0] == results[1])
    for i in results[0].indices {
      let values = Self.taps(g, i / g.inputChannels, i % g.inputChannels).map { Double(input[$0]) }
      let padding = Double(g.kernelHeight * g.kernelWidth - values.count)
      let exact: Double =
        switch kind {
        case .maximum: values.max() ?? 0
        case .average(true):
          ((values.reduce(0, +) + 17 * padding) / (Double(values.count) + padding) + 0.5)
            .rounded(.down)
        case .average(false):
          values.isEmpty ? 17 : (values.reduce(0, +) / Double(values.count) + 0.5).rounded(.down)
        }
      #expect(Double(results[0][i]) == exact)
    }
  }
}
