import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// Resize: each entry gets what it gave, in the same shares.
  static let resize = Derivative("Resize") { node throws(OperatorError) in
    if try node.facts.string("mode", default: "nearest") == "nearest" {
      // What is filled in must be told from what is moved.
      var facts = node.facts
      facts.node.attributes["extrapolation_value"] = nil
      return try moving(facts)
    }
    return try ResizeBack(node.facts).step()
  }
}

/// Interpolation transposed: one dimension after the other, from the output's extents to the input's.
private struct ResizeBack: Sendable {
  private struct Pass: Sendable {
    let outer: Int, inner: Int
    let taps: InterpolationTaps
    /// For each entry of the input, the entries of the output that it is part of and its weights there.
    let readers: [[(entry: Int, weight: Float)]]
  }

  private let count: Int
  private var passes: [Pass] = []
  /// Elements of the largest intermediate result.
  private var largest = 0

  init(_ facts: NodeFacts) throws(OperatorError) {
    let (input, output) = (try facts.input(0), try facts.output())
    count = input.count
    var extents = output.physicalShape.dimensions
    // What grew goes first, so that later passes have less to do.
    let all = try InterpolationTaps.of(facts)
      .sorted { $0.output * $1.input > $1.output * $0.input }
    for taps in all {
      let place = output.physicalAxis(taps.axis)
      var readers = [[(entry: Int, weight: Float)]](repeating: [], count: taps.input)
      for entry in 0..<taps.output where !taps.outside[entry] {
        for tap in entry * taps.taps..<(entry + 1) * taps.taps where taps.weights[tap] != 0 {
          readers[Int(taps.entries[tap])].append((entry, taps.weights[tap]))
        }
      }
      let pass = Pass(
        outer: extents[..<place].reduce(1, *), inner: extents[(place + 1)...].reduce(1, *),
        taps: taps, readers: readers)
      passes.append(pass)
      extents[place] = taps.input
      if passes.count < all.count { largest = max(largest, extents.reduce(1, *)) }
    }
  }

  func step() -> TrainingStep {
    let bytes = (largest * 4 + 63) & ~63
    return TrainingStep(scratch: ScratchSize(shared: 2 * bytes)) { memory in
      guard let place = memory.place(0) else { return }
      guard !passes.isEmpty else {
        let (g, x) = (memory.gradient(), place.pointer)
        return memory.split(count) { for i in $0 { x[i] += g[i] } }
      }
      for (index, pass) in passes.enumerated() {
        func between(_ index: Int) -> UnsafeMutablePointer<Float> {
          (memory.scratch + index % 2 * bytes).assumingMemoryBound(to: Float.self)
        }
        let isLast = index == passes.count - 1
        run(
          pass, from: index == 0 ? memory.gradient() : between(index - 1),
          to: isLast ? place.pointer : between(index), adds: isLast, memory)
      }
    }
  }

  private func run(
    _ pass: Pass, from: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>, adds: Bool,
    _ memory: StepMemory
  ) {
    let (taps, inner) = (pass.taps, pass.inner)
    memory.split(pass.outer * taps.input, grain: max(1, (1 << 12) / max(1, inner))) { rows in
      for row in rows {
        let (block, entry) = (row / taps.input, row % taps.input)
        let result = to + row * inner
        if !adds { result.update(repeating: 0, count: inner) }
        for reader in pass.readers[entry] {
          let source = from + (block * taps.output + reader.entry) * inner
          for i in 0..<inner { result[i] += reader.weight * source[i] }
        }
      }
    }
  }
}
