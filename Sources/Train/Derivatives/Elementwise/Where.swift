import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// Where: the gradient to the operand that was chosen; a constant condition of the output's shape or of one
  /// that broadcasts to it.
  static let whereOperator = Derivative("Where") { node throws(OperatorError) in
    let output = try node.facts.output()
    guard let condition = try node.facts.input(0).constant else {
      throw .unsupported("a condition that is computed")
    }
    var facts = try node.facts.input(0)
    facts.type = .float32
    let rows = PairRows(output, facts, output)
    let sums = [
      try BroadcastSum(try node.facts.input(1), output),
      try BroadcastSum(try node.facts.input(2), output),
    ]
    let stored = AlignedBuffer(condition.dense, try node.facts.input(0))
    let choice = [UInt8](UnsafeRawBufferPointer(start: stored.pointer, count: stored.count))
    return TrainingStep(scratch: ScratchSize(shared: output.byteCount), writes: true) { memory in
      let (g, all) = (memory.gradient(), memory.scratch.assumingMemoryBound(to: Float.self))
      for operand in 0...1 {
        guard let place = memory.place(operand + 1) else { continue }
        memory.split(rows.rows, grain: max(1, (1 << 13) / max(1, rows.count))) { range in
          for row in range {
            let first = rows.offsets(row).a
            for i in 0..<rows.count {
              let isFirst = choice[first + i * rows.steps.a] != 0
              all[row * rows.count + i] = isFirst == (operand == 0) ? g[row * rows.count + i] : 0
            }
          }
        }
        sums[operand].add(all, to: place, memory)
      }
    }
  }
}
