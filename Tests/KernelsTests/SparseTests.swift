import Kernels
import Testing

/// Sparse products against the dense reference, on the same weights.
@Suite struct SparseTests {
  /// Geometries without groups, which sparse products leave to dense ones; and sizes around a tile's 16
  /// lanes and 8 vectors, around the 16 outputs of a panel, and depths of more than one chunk.
  static let sizes: [ConvolutionGeometry] =
    geometries.filter { $0.groups == 1 && $0.outputPixels > 0 }
    + [1, 15, 16, 17, 64, 65, 127, 128, 129, 145, 260].map {
      ConvolutionGeometry(inputHeight: 1, inputWidth: $0, inputChannels: 24, outputChannels: 20)
    }
    + [(600, 70), (2100, 33), (4000, 17)].map {
      ConvolutionGeometry(
        inputHeight: 7, inputWidth: 7, inputChannels: $0.0, outputChannels: $0.1)
    } + [
      ConvolutionGeometry(
        inputHeight: 9, inputWidth: 8, inputChannels: 130, outputChannels: 40, kernelHeight: 3,
        kernelWidth: 3, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1)
    ]

  static let sets = InstructionSet.available

  /// Whether element [output][input][tap] is kept: quads of channels at random, at a density that
  /// differs from output to output, with none at all now and then.
  static func keeps(_ g: ConvolutionGeometry, _ index: Int, quad: Int) -> Bool {
    let taps = g.kernelHeight * g.kernelWidth
    let (output, rest) = index.quotientAndRemainder(dividingBy: g.depth)
    var numbers = Numbers(UInt64(output * 7919 + rest / taps / quad * 31 + rest % taps))
    return numbers.next() % 100 < [0, 20, 50, 95][output % 4]
  }

  @Test(arguments: sizes, sets) func integersGiveTheSameBits(
    _ g: ConvolutionGeometry, _ isa: InstructionSet
  ) {
    var test = ConvolutionI8Tests.Case(g)
    for index in test.weights.indices where !Self.keeps(g, index, quad: 4) {
      test.weights[index] = 0
    }
    for output in [ConvolutionI8Tests.bytes, ConvolutionI8Tests.floats] {
      let dense = test.run(output, isa: .portable)
      for form in [SparseChoice.lanes, .balanced] {
        #expect(test.run(output, isa: isa, sparsity: form) == dense, "\(form)")
        let pool = ThreadPool(threads: 3)
        #expect(test.run(output, isa: isa, pool: pool, sparsity: form) == dense, "\(form)")
      }
    }
  }

  @Test(arguments: sizes, sets) func floatsAgree(_ g: ConvolutionGeometry, _ isa: InstructionSet) {
    var test = ConvolutionF32Tests.Case(g)
    for index in test.weights.indices where !Self.keeps(g, index, quad: 1) {
      test.weights[index] = 0
    }
    for fused in [false, true] {
      let result = test.run(isa: isa, fused: fused, sparsity: .lanes)
      ConvolutionF32Tests.expectClose(result, test.exact(fused: fused), "fused: \(fused)")
      let pool = ThreadPool(threads: 3)
      #expect(
        test.run(isa: isa, fused: fused, pool: pool, sparsity: .lanes).map(\.bitPattern)
          == result.map(\.bitPattern))
    }
  }

  @Test func theChoiceFollowsTheZeros() {
    let g = ConvolutionGeometry(
      inputHeight: 28, inputWidth: 28, inputChannels: 256, outputChannels: 128)
    func name(keeping percent: UInt64) -> String {
      var test = ConvolutionI8Tests.Case(g)
      var numbers = Numbers(3)
      for first in stride(from: 0, to: test.weights.count, by: 4)
      where numbers.next() % 100 >= percent {
        for index in first..<first + 4 { test.weights[index] = 0 }
      }
      return ConvolutionI8(
        g, weights: test.weights, weightScales: test.scales, bias: nil, inputScale: 1,
        inputZeroPoint: 0, output: ConvolutionI8Tests.bytes
      ).kernelName
    }
    #expect(!name(keeping: 100).contains("spmm"))
    if InstructionSet.best != .portable { #expect(name(keeping: 10).contains("spmm")) }
  }

  /// Where every output has as many quads in a segment, 512-bit kernels keep outputs in lanes; where
  /// some have all of them, that would skip nothing.
  @Test func balancedQuadsHaveAKernelOfTheirOwn() throws {
    guard InstructionSet.available.contains(.avx512vnni) else { return }
    let g = ConvolutionGeometry(
      inputHeight: 28, inputWidth: 28, inputChannels: 256, outputChannels: 128)
    for isBalanced in [true, false] {
      var test = ConvolutionI8Tests.Case(g)
      for output in 0..<128 {
        for quad in 0..<64
        where isBalanced ? (quad + output) % 4 != 0 : output % 16 != 0 && quad % 2 == 0 {
          for index in 0..<4 { test.weights[output * 256 + quad * 4 + index] = 0 }
        }
      }
      let layer = ConvolutionI8(
        g, weights: test.weights, weightScales: test.scales, bias: nil, inputScale: 1,
        inputZeroPoint: 0, output: ConvolutionI8Tests.bytes, isa: .avx512vnni)
      #expect(layer.kernelName.contains("bsgemm") == isBalanced)
      if isBalanced { #expect(layer.work.density == 0.25) }
    }
  }
}
