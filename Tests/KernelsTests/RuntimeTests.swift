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

  @Test func noTwoPartsUseTheScratchOfOneThreadAtOnce() {
    let pool = ThreadPool(threads: 4)
    var counts = [Int](repeating: 0, count: 4)
    var work = [Int](repeating: 0, count: 200)
    for _ in 0..<50 {
      counts.withUnsafeMutableBufferPointer { counts in
        work.withUnsafeMutableBufferPointer { work in
          nonisolated(unsafe) let (counts, work) = (counts, work)
          pool.runOnThreads(parts: 200) { thread, part in
            // Of two parts that count in one place at once, one would be lost.
            let before = counts[thread]
            for step in 0..<200 { work[part] &+= step }
            counts[thread] = before + 1
          }
        }
      }
    }
    #expect(counts.reduce(0, +) == 50 * 200)
    #expect(work.allSatisfy { $0 == 50 * 19900 })
  }

  @Test func memoryIsZeroHoweverOftenItIsGivenBack() throws {
    var random = SystemRandomNumberGenerator()
    var blocks: [(memory: ZeroedMemory, count: Int, mark: UInt8)] = []
    func bytes(_ block: (memory: ZeroedMemory, count: Int, mark: UInt8))
      -> UnsafeMutableRawBufferPointer
    {
      UnsafeMutableRawBufferPointer(start: block.memory.base, count: block.count)
    }
    for step in 0..<400 {
      let most = step % 40 == 0 ? 20 << 20 : step % 3 == 0 ? 300_000 : 5000
      let count = Int.random(in: 0...most, using: &random)
      let block = (try #require(ZeroedMemory(count)), count, UInt8(1 + step % 255))
      #expect(Int(bitPattern: block.0.base) % 64 == 0)
      #expect(stride(from: 0, to: count, by: 97).allSatisfy { bytes(block)[$0] == 0 })
      bytes(block).initializeMemory(as: UInt8.self, repeating: block.2)
      blocks.append(block)
      // The last one most of the time, as what is made for a moment is.
      while blocks.count > 6 || !blocks.isEmpty && step % 4 == 0 {
        let index = Bool.random(using: &random) ? blocks.count - 1 : blocks.indices.randomElement()!
        let block = blocks.remove(at: index)
        #expect(
          stride(from: 0, to: block.count, by: 97).allSatisfy { bytes(block)[$0] == block.mark })
        block.memory.deallocate()
        if step % 4 == 0 { break }
      }
    }
    for block in blocks { block.memory.deallocate() }
  }

  @Test func biasesRoundHalfAwayFromZero() {
    let halves: [Float] = [
      0, 0.5, -0.5, 1.5, -2.5, 0.49999997, -0.49999997, 8388607.5, 1e30, -1e30,
    ]
    for bias in halves + (0..<1000).map({ Float($0 * 7919 % 4001) / 16 - 125 }) {
      for unit in [1.0, 0.25, 3e-5] {
        let exact = (Double(bias) / unit).rounded(.toNearestOrAwayFromZero)
        let held = Int32(min(max(exact, -0x1p30), 0x1p30))
        #expect(Rescaling.integerBias(bias, unit: unit) == held)
      }
    }
    #expect(Rescaling.integerBias(.nan, unit: 1) == 0)
    #expect(Rescaling.integerBias(1, unit: 0x1.0000000000001p1) == 0)
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
