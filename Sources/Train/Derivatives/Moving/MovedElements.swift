import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// The step of an operator that only moves elements: its first operand's, or with `all` those of all.
  static func moving(_ facts: NodeFacts, all: Bool = false) throws(OperatorError) -> TrainingStep {
    guard let op = Operators.Operator.named(facts.node.op) else {
      throw .unsupported("an operator that is not known")
    }
    let execution = try op.prepare(facts)
    // A view has no step, and its gradient is the same memory.
    if execution.isView { return TrainingStep { _ in } }
    return try MovedElements(facts, execution, all: all).step()
  }
}

/// Where the elements of a node's outputs come from, for operators that only move them: found by moving the
/// elements' own numbers.
///
/// Whatever the operator, its layouts and its attributes, what the outputs then hold says which element of
/// which input it was. Elements are taken together that always move together: the channels of a pixel, say.
struct MovedElements: Sendable {
  /// Elements of a unit.
  let unit: Int
  /// For each output, the number of each of its units among those of all inputs; −1 for what is filled in.
  private let sources: [[Int32]]
  /// For each input, its first unit and the one behind its last.
  private let ranges: [Range<Int>]
  /// For each output, the unit behind its last, counted over all of them.
  private let ends: [Int]
  /// For units that are read more than once: for each unit, where its readers begin in `readers`.
  private let starts: [Int32]
  /// Units of the outputs, counted over all of them, ordered by what they read.
  private let readers: [Int32]
  /// Whether no unit is read more than once.
  private let isOnce: Bool
  /// Whether every unit is read.
  private let isWhole: Bool

  /// The moves of a node that moves its first input, or all inputs with `all`; other inputs are constant.
  init(_ facts: NodeFacts, _ execution: Execution, all: Bool) throws(OperatorError) {
    var firsts: [Int] = []
    var total = 0
    for index in facts.inputs.indices where all || index == 0 {
      firsts.append(total)
      total += try facts.input(index).count
    }
    let outputs = facts.outputs.reduce(0) { $0 + $1.count }
    guard total < Int(Int32.max), outputs < Int(Int32.max) else {
      throw .unsupported("more than 2 147 483 646 elements")
    }
    let moved = try Self.move(facts, execution, firsts)
    unit = Self.unit(moved, facts.inputs.prefix(firsts.count).map { $0?.count ?? 0 })
    let unit = unit
    sources = moved.map { output in
      stride(from: 0, to: output.count, by: unit).map {
        output[$0] == 0 ? -1 : Int32((Int(output[$0]) - 1) / unit)
      }
    }
    var ends: [Int] = []
    for source in sources { ends.append((ends.last ?? 0) + source.count) }
    self.ends = ends
    ranges = firsts.enumerated().map { index, first in
      first / unit..<(first + (facts.inputs[index]?.count ?? 0)) / unit
    }
    var counts = [Int32](repeating: 0, count: total / unit + 1)
    for source in sources { for place in source where place >= 0 { counts[Int(place)] += 1 } }
    isOnce = counts.allSatisfy { $0 <= 1 }
    isWhole = counts.dropLast().allSatisfy { $0 >= 1 }
    if isOnce {
      (starts, readers) = ([], [])
      return
    }
    var starts = [Int32](repeating: 0, count: counts.count)
    for index in 1..<counts.count { starts[index] = starts[index - 1] + counts[index - 1] }
    var next = starts
    var readers = [Int32](repeating: 0, count: Int(starts[counts.count - 1]))
    var number: Int32 = 0
    for source in sources {
      for place in source {
        if place >= 0 {
          readers[Int(next[Int(place)])] = number
          next[Int(place)] += 1
        }
        number += 1
      }
    }
    (self.starts, self.readers) = (starts, readers)
  }

  /// Runs the operator on inputs that hold the numbers of their elements, from 1.
  private static func move(
    _ facts: NodeFacts, _ execution: Execution, _ firsts: [Int]
  ) throws(OperatorError) -> [[UInt32]] {
    var inputs: [AlignedBuffer] = []
    for (index, input) in facts.inputs.enumerated() {
      guard let input else {
        inputs.append(AlignedBuffer(0))
        continue
      }
      guard index < firsts.count else {
        guard let constant = input.constant else {
          throw .unsupported("operand \(index) that is computed")
        }
        inputs.append(AlignedBuffer(constant.dense, input))
        continue
      }
      let buffer = AlignedBuffer(input.byteCount)
      let numbers = buffer.pointer.assumingMemoryBound(to: UInt32.self)
      for i in 0..<input.count { numbers[i] = UInt32(firsts[index] + i + 1) }
      inputs.append(buffer)
    }
    let outputs = facts.outputs.map { AlignedBuffer($0.byteCount) }
    let scratch = AlignedBuffer(execution.scratch.mostBytes)
    withExtendedLifetime((inputs, outputs, scratch)) {
      inputs.map({ $0.pointer }).withUnsafeBufferPointer { ins in
        outputs.map({ $0.pointer }).withUnsafeBufferPointer { outs in
          guard let ins = ins.baseAddress, let outs = outs.baseAddress else { return }
          execution.run(
            Operands(inputs: ins, outputs: outs, scratch: scratch.pointer, pool: ThreadPool()))
        }
      }
    }
    return zip(facts.outputs, outputs).map { facts, buffer in
      [UInt32](
        UnsafeBufferPointer(
          start: buffer.pointer.assumingMemoryBound(to: UInt32.self), count: facts.count))
    }
  }

  /// The most elements that always lie side by side: of inputs, of outputs, and at multiples in both.
  private static func unit(_ outputs: [[UInt32]], _ inputs: [Int]) -> Int {
    var unit = 0
    func reduce(_ number: Int) {
      var (a, b) = (unit, number)
      while b != 0 { (a, b) = (b, a % b) }
      unit = a
    }
    for count in inputs { reduce(count) }
    for output in outputs {
      reduce(output.count)
      var previous: UInt32?
      for (place, number) in output.enumerated() {
        let follows = previous.map { number == ($0 == 0 ? 0 : $0 &+ 1) } ?? false
        if !follows {
          reduce(place)
          if number != 0 { reduce(Int(number) - 1) }
          if unit == 1 { return 1 }
        }
        previous = number
      }
    }
    return max(1, unit)
  }

  /// The step that sends each element's gradient back to where the element came from.
  func step() -> TrainingStep {
    let moves = self
    return TrainingStep(writes: true) { memory in
      for input in moves.ranges.indices {
        guard let place = memory.place(input) else { continue }
        if moves.isOnce {
          moves.scatter(memory, input, place)
        } else {
          moves.gather(memory, input, place)
        }
      }
    }
  }

  /// Units that are read once: each output's in turn, wherever they belong.
  private func scatter(_ memory: StepMemory, _ input: Int, _ place: GradientPlace) {
    let range = ranges[input]
    var adds = place.adds
    if !adds, !isWhole {
      place.pointer.update(repeating: 0, count: range.count * unit)
      adds = true
    }
    for (output, sources) in sources.enumerated() {
      let g = memory.gradient(output)
      memory.split(sources.count, grain: max(1, (1 << 13) / unit)) { units in
        for index in units {
          let source = Int(sources[index])
          guard range.contains(source) else { continue }
          copy(g + index * unit, place.pointer + (source - range.lowerBound) * unit, adds)
        }
      }
    }
  }

  /// Units that are read several times: the sum over their readers, in order.
  private func gather(_ memory: StepMemory, _ input: Int, _ place: GradientPlace) {
    let range = ranges[input]
    memory.split(range.count, grain: max(1, (1 << 12) / unit)) { units in
      for index in units {
        let to = place.pointer + index * unit
        var adds = place.adds
        let source = range.lowerBound + index
        for reader in starts[source]..<starts[source + 1] {
          let number = Int(readers[Int(reader)])
          var output = 0
          while number >= ends[output] { output += 1 }
          let first = output == 0 ? 0 : ends[output - 1]
          copy(memory.gradient(output) + (number - first) * unit, to, adds)
          adds = true
        }
        if !adds { to.update(repeating: 0, count: unit) }
      }
    }
  }

  @inline(__always)
  private func copy(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ adds: Bool) {
    if unit == 1 {
      to[0] = adds ? to[0] + from[0] : from[0]
    } else if adds {
      for i in 0..<unit { to[i] += from[i] }
    } else {
      to.update(from: from, count: unit)
    }
  }
}
