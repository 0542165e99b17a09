import Kernels
import Testing

/// Convolutions keep to the scratch memory that they ask for: what one thread wrote too much would be
/// another's addresses.
@Suite struct ScratchBoundsTests {
  @Test(
    arguments: [(2, 1, 20), (3, 1, 31), (1, 3, 20), (3, 3, 3), (3, 3, 20), (5, 1, 7), (1, 7, 17)])
  func nothingIsWrittenBehindScratch(height: Int, width: Int, channels: Int) {
    for stride in 1...2 {
      for dilation in 1...2 {
        let (padY, padX) = (height / 2 * dilation, width / 2 * dilation)
        let g = ConvolutionGeometry(
          batch: 2, inputHeight: 9, inputWidth: 8, inputChannels: channels, outputChannels: 3,
          kernelHeight: height, kernelWidth: width, strideHeight: stride, strideWidth: stride,
          dilationHeight: dilation, dilationWidth: dilation, padTop: padY, padLeft: padX,
          padBottom: padY, padRight: padX + 1)
        let test = ConvolutionF32Tests.Case(g)
        for isa in InstructionSet.available {
          let layer = ConvolutionF32(g, weights: test.weights, bias: test.bias, isa: isa)
          let bytes = layer.scratch.bytes(threads: 1)
          var output = [Float](repeating: 0, count: g.outputPixels * g.outputChannels)
          withScratch(bytes + 256) { scratch in
            scratch.initializeMemory(as: UInt8.self, repeating: 0xAB, count: bytes + 256)
            output.withUnsafeMutableBufferPointer {
              guard let to = $0.baseAddress else { return }
              layer.run(
                input: test.input, output: to, scratch: scratch, pool: ThreadPool())
            }
            for place in bytes..<bytes + 256 {
              #expect(scratch.load(fromByteOffset: place, as: UInt8.self) == 0xAB)
            }
          }
        }
      }
    }
  }
}
