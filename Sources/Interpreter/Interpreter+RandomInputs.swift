import ModelFormat

extension Interpreter {
  /// Fills every input with the numbers that `random` gives next: floats of a standard normal
  /// distribution, roughly; integers from 0 to 127; truths of either kind.
  ///
  /// The same on every machine, so that results can be compared (docs/Format.md, *Golden vector*).
  public func fillInputs(_ random: inout RandomStream) {
    for (position, port) in inputs.enumerated() {
      let memory = input(position)
      if port.type == .float32 {
        let floats = memory.bindMemory(to: Float.self)
        for i in floats.indices {
          // The sum of four 16-bit numbers, centered: variance 4 · 2³² / 12.
          let bits = random.next()
          let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
          floats[i] = (Float(sum) - 131_070) / 37_837
        }
      } else {
        for i in memory.indices { memory[i] = 0 }
        for i in stride(from: 0, to: memory.count, by: port.type.size) {
          memory[i] = UInt8(truncatingIfNeeded: random.next() & (port.type == .bool ? 1 : 127))
        }
      }
    }
  }
}
