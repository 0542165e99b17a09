import Testing

@testable import Kernels

@Suite struct InputGradientTests {
  /// What a run may write is its scratch memory and its result, on any number of threads.
  @Test(arguments: [1, 2, 3]) func staysWithinItsScratch(_ threads: Int) {
    let g = ConvolutionGeometry(
      batch: 5, inputHeight: 12, inputWidth: 12, inputChannels: 3, outputChannels: 20,
      kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2)
    let pool = ThreadPool(threads: threads)
    let gradient = InputGradientF32(g)
    let count = g.outputPixels * g.outputChannels
    let weights = AlignedBytes(g.outputChannels * g.depth, of: Float.self)
    let dy = AlignedBytes(count, of: Float.self)
    for i in 0..<count { dy.pointer(Float.self)[i] = Float(i % 17) - 8 }
    for i in 0..<g.outputChannels * g.depth {
      weights.pointer(Float.self)[i] = Float(i % 11) / 8 - 0.5
    }
    let inputs = g.batch * g.inputHeight * g.inputWidth * g.inputChannels
    var first: [Float]?
    for _ in 0..<300 {
      let bytes = gradient.scratch.bytes(threads: pool.threads)
      let scratch = AlignedBytes(bytes + 4096)
      let guards = scratch.base + bytes
      for i in 0..<4096 { guards.storeBytes(of: 0xA5, toByteOffset: i, as: UInt8.self) }
      let dx = AlignedBytes(inputs, of: Float.self)
      gradient.replace(weights: weights.pointer(Float.self), pool: pool)
      gradient.run(
        gradient: dy.pointer(Float.self), to: dx.pointer(Float.self), adds: false,
        scratch: scratch.base, pool: pool)
      let found = [Float](UnsafeBufferPointer(start: dx.pointer(Float.self), count: inputs))
      first = first ?? found
      let isWithin = (0..<4096).allSatisfy {
        guards.load(fromByteOffset: $0, as: UInt8.self) == 0xA5
      }
      #expect(found == first && isWithin)
    }
  }

  /// Kernels of one column and few channels, whose windows reach into the padding.
  @Test(arguments: [1, 2, 3]) func kernelsOfOneColumnStayWithinTheirScratch(_ threads: Int) {
    let g = ConvolutionGeometry(
      batch: 5, inputHeight: 5, inputWidth: 5, inputChannels: 20, outputChannels: 3,
      kernelHeight: 2, kernelWidth: 1, padTop: 1, padBottom: 1, padRight: 1)
    let pool = ThreadPool(threads: threads)
    let convolution = ConvolutionF32(replaceable: g, clamp: (-.infinity, .infinity))
    let input = AlignedBytes(2500, of: Float.self)
    for i in 0..<2500 { input.pointer(Float.self)[i] = Float(i % 17) - 8 }
    let weights = AlignedBytes(3 * g.depth, of: Float.self)
    for i in 0..<3 * g.depth { weights.pointer(Float.self)[i] = Float(i % 11) / 8 - 0.5 }
    convolution.replace(weights: weights.pointer(Float.self), bias: nil, pool: pool)
    for _ in 0..<100 {
      let bytes = convolution.scratch.bytes(threads: pool.threads)
      let scratch = AlignedBytes(bytes + 4096)
      let guards = scratch.base + bytes
      for i in 0..<4096 { guards.storeBytes(of: 0xA5, toByteOffset: i, as: UInt8.self) }
      let output = AlignedBytes(g.outputPixels * 3, of: Float.self)
      convolution.run(
        input: input.pointer(Float.self), output: output.pointer(Float.self),
        scratch: scratch.base, pool: pool)
      #expect(
        (0..<4096).allSatisfy { guards.load(fromByteOffset: $0, as: UInt8.self) == 0xA5 })
    }
  }
}
