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

  @Test func updatesTouchEveryByteOnce() {
    let memory = AlignedBytes(5 * 64)
    let operands = AlignedBytes(128)
    for index in 0..<64 { operands.pointer(UInt8.self)[index] = 0xA5 }
    for kernel in KernelTable.all(.probeUpdate, as: ProbeFunction.self) + [probeReferenceUpdate]
    where kernel.isa.isAvailable {
      for index in 0..<5 * 64 { memory.pointer(UInt8.self)[index] = UInt8(index & 255) }
      kernel.function(4, operands.base, memory.base)
      for index in 0..<5 * 64 {
        let expected = UInt8(index & 255) ^ (index < 256 ? 0xA5 : 0)
        #expect(memory.pointer(UInt8.self)[index] == expected, "\(kernel.name.string) \(index)")
      }
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
      #expect(probe.copies.count == 6 && probe.copies.allSatisfy { $0.gigabytesPerSecond > 0 })
      #expect(zip(probe.copies, probe.copies.dropFirst()).allSatisfy { $0.bytes < $1.bytes })
      for (copy, next) in zip(probe.copies, probe.copies.dropFirst()) {
        let best = max(copy.gigabytesPerSecond, copy.updatedPerSecond)
        #expect(probe.gigabytesPerSecond(for: copy.bytes) == best)
        #expect(probe.gigabytesPerSecond(for: next.bytes - 1) == best)
      }
      #expect(probe.gigabytesPerSecond(for: 1) == probe.gigabytesPerSecond(for: 64 << 10))
      // Two threads read and write 16 KiB each in that millisecond, or change 32 KiB.
      #expect(abs(probe.copies[0].gigabytesPerSecond - 2 * 32768 / 1e-3 / 1e9) < 1e-9)
      #expect(abs(probe.copies[0].updatedPerSecond - 4 * 32768 / 1e-3 / 1e9) < 1e-9)
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
      fit.add(g, .dense, cycles: fit.expected(g, .dense))
      for part in [10, 5, 2] {
        let lanes = ProductWork.lanes(stored: fit.capacity(g) / part)
        fit.add(g, lanes, cycles: fit.expected(g, lanes))
        guard isInteger else { continue }
        let panels = (outputs + 15) / 16
        let balanced = ProductWork.balanced(
          steps: panels * channels / 4 / part, segments: panels * ((channels + 63) / 64))
        fit.add(g, balanced, cycles: fit.expected(g, balanced))
      }
    }
    for constant in fit.constants() {
      #expect(abs(constant.found / constant.used - 1) < 1e-6, "\(constant.name)")
    }
  }

  /// One time that something disturbed changes nothing.
  @Test func outliersAreLeftOut() {
    var fit = CostFit(isInteger: true)
    for channels in stride(from: 64, through: 1024, by: 64) {
      let g = ConvolutionGeometry(
        inputHeight: 14, inputWidth: 14, inputChannels: channels, outputChannels: channels)
      let disturbed = channels == 512 ? 20.0 : 1
      fit.add(g, .dense, cycles: fit.expected(g, .dense) * disturbed)
    }
    for constant in fit.constants() {
      #expect(abs(constant.found / constant.used - 1) < 1e-3, "\(constant.name)")
    }
  }

  @Test func slowerProductsGiveLargerConstants() {
    var fit = CostFit(isInteger: true)
    for channels in [64, 256, 1024] {
      let g = ConvolutionGeometry(
        inputHeight: 14, inputWidth: 14, inputChannels: channels, outputChannels: channels)
      fit.add(g, .dense, cycles: fit.expected(g, .dense) * 2)
    }
    let constants = fit.constants()
    #expect(constants[0].name == "denseStep" && constants[0].found > constants[0].used * 1.9)
    #expect(constants[2].found == constants[2].used)
  }
}
