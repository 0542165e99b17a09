import Testing

@testable import Kernels

@Suite struct ProbeTests {
  /// Every multiply-add that a line claims is done: none is folded, hoisted or dropped.
  @Test func probesDoAllTheirWork() {
    let floats = AlignedBytes(128)
    let bytes = AlignedBytes(128)
    for index in 0..<32 { floats.pointer(Float.self)[index] = 2 }
    for index in 0..<128 { bytes.pointer(Int8.self)[index] = 2 }
    let rounds = 10
    for kernel in KernelTable.all(.probeF32, as: ProbeFunction.self) where kernel.isa.isAvailable {
      let sums = AlignedBytes(64)
      kernel.function(rounds, floats.base, sums.base)
      let total = (0..<16).reduce(0) { $0 + sums.pointer(Float.self)[$1] }
      #expect(total == Float(rounds * kernel.rows * kernel.columns * 4), "\(kernel.name.string)")
    }
    for kernel in KernelTable.all(.probeU8S8, as: ProbeFunction.self) where kernel.isa.isAvailable {
      let sums = AlignedBytes(64)
      kernel.function(rounds, bytes.base, sums.base)
      let total = (0..<16).reduce(0) { $0 + sums.pointer(Int32.self)[$1] }
      #expect(total == Int32(rounds * kernel.rows * kernel.columns * 4), "\(kernel.name.string)")
    }
  }

  @Test func everySetHasRoofs() {
    var clock = 0.0
    let pool = ThreadPool(threads: 2)
    for isa in InstructionSet.available {
      // A clock on which every trial takes a millisecond: rates follow from the work alone.
      let probe = MachineProbe(pool: pool, isa: isa) {
        clock += 1e-3
        return clock
      }
      #expect(probe.floatGigaops > 0 && probe.integerGigaops > 0)
      #expect(probe.copies.count == 4 && probe.copies.allSatisfy { $0.gigabytesPerSecond > 0 })
      #expect(zip(probe.copies, probe.copies.dropFirst()).allSatisfy { $0.bytes < $1.bytes })
      #expect(probe.gigabytesPerSecond(for: 1) == probe.copies[0].gigabytesPerSecond)
      #expect(probe.gigabytesPerSecond(for: 1 << 40) == probe.copies[3].gigabytesPerSecond)
      // 2 threads move 32 KiB in and out in that millisecond.
      #expect(abs(probe.copies[0].gigabytesPerSecond - 2 * 32768 / 1e-3 / 1e9) < 1e-9)
    }
  }
}

@Suite struct CostFitTests {
  /// Times made of the constants in use give them back, whatever the shapes.
  @Test(arguments: [true, false]) func constantsAreFoundAgain(_ isInteger: Bool) {
    var fit = CostFit(isInteger: isInteger)
    for (pixels, channels, outputs) in [(49, 320, 1280), (196, 96, 576), (3136, 64, 256)] {
      let g = ConvolutionGeometry(
        inputHeight: 1, inputWidth: pixels, inputChannels: channels, outputChannels: outputs)
      fit.add(g, stored: nil, cycles: fit.expected(g, stored: nil))
      for part in [10, 5, 2] {
        let stored = fit.capacity(g) / part
        fit.add(g, stored: stored, cycles: fit.expected(g, stored: stored))
      }
    }
    for constant in fit.constants() {
      #expect(abs(constant.found / constant.used - 1) < 1e-6, "\(constant.name)")
    }
  }

  @Test func slowerProductsGiveLargerConstants() {
    var fit = CostFit(isInteger: true)
    for channels in [64, 256, 1024] {
      let g = ConvolutionGeometry(
        inputHeight: 14, inputWidth: 14, inputChannels: channels, outputChannels: channels)
      fit.add(g, stored: nil, cycles: fit.expected(g, stored: nil) * 2)
    }
    let constants = fit.constants()
    #expect(constants[0].name == "denseStep" && constants[0].found > constants[0].used * 1.9)
    #expect(constants[2].found == constants[2].used)
  }
}
