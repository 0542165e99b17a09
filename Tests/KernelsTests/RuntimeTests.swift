import Kernels
import Testing

@Suite struct RuntimeTests {
  @Test(arguments: 1...4) func runsEveryPartOnce(_ threads: Int) {
    let pool = ThreadPool(threads: threads)
    #expect(pool.threads == threads)
    for parts in [0, 1, 2, 7, 100] {
      for _ in 0..<50 {
        var counts = [Int](repeating: 0, count: parts)
        counts.withUnsafeMutableBufferPointer { counts in
          // Each part writes an element of its own.
          nonisolated(unsafe) let counts = counts
          pool.run(parts: parts) { counts[$0] += 1 }
        }
        #expect(counts.allSatisfy { $0 == 1 })
      }
    }
  }

  @Test func sharesOutEveryUnitOnce() {
    let pool = ThreadPool(threads: 2)
    for units in [0, 1, 3, 31, 1000] {
      var counts = [Int](repeating: 0, count: units)
      counts.withUnsafeMutableBufferPointer { counts in
        nonisolated(unsafe) let counts = counts
        pool.share(units) { _, range in
          for unit in range { counts[unit] += 1 }
        }
      }
      #expect(counts.allSatisfy { $0 == 1 })
    }
  }

  @Test func theTableNamesEachKernelOnce() {
    let names = KernelOperation.allCases.flatMap { KernelTable.names(of: $0) }
    #expect(Set(names).count == names.count)
    for name in names { #expect(name.hasPrefix("pare_")) }
  }

  @Test func outputSizesFollowStrideDilationAndPadding() {
    let g = ConvolutionGeometry(
      inputHeight: 224, inputWidth: 225, inputChannels: 3, outputChannels: 32, kernelHeight: 3,
      kernelWidth: 5, strideHeight: 2, strideWidth: 3, dilationWidth: 2, padTop: 1, padBottom: 1)
    #expect(g.outputHeight == 112)
    #expect(g.outputWidth == 73)
    #expect(g.multiplyAccumulates == 112 * 73 * 32 * 45)
  }
}
