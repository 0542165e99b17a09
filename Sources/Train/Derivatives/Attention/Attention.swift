import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// Attention: queries, keys and values.
  ///
  /// No past, no cap; one output.
  static let attention = Derivative("Attention") { node throws(OperatorError) in
    let facts = node.facts
    guard facts.node.outputs.dropFirst().allSatisfy({ $0 == nil }),
      facts.optionalInput(4) == nil, try facts.float("softcap", default: 0) == 0,
      !node.wants.dropFirst(3).contains(true)
    else { throw .unsupported("a past, a cap, a trained mask or more than one output") }
    return try AttentionBack(facts, runFacts: node.runFacts).step()
  }
}

/// The gradients of attention, from probabilities that are computed again.
///
/// With `P` the probabilities and `G` the gradient of the result: values get `Pᵀ · G`; with
/// `S = P ∘ (G · Vᵀ − Σ P ∘ (G · Vᵀ))`, queries get `scale · S · K`, and keys `scale · Sᵀ · Q`.
private struct AttentionBack: Sendable {
  private let sizes: AttentionSizes
  private let scale: Float
  /// The node with the probabilities as its fourth output.
  private let forward: Execution
  private let operandCount: Int
  private let values: ProductF32, scores: ProductF32, queries: ProductF32, keys: ProductF32
  private let single = ThreadPool(threads: 1)

  private var length: Int { sizes.query.length }
  private var total: Int { sizes.total }

  init(_ facts: NodeFacts, runFacts: NodeFacts) throws(OperatorError) {
    let sizes = try AttentionSizes(facts)
    self.sizes = sizes
    scale = try facts.float(
      "scale", default: 1 / Float(max(1, sizes.query.size)).squareRoot())
    guard let op = Operators.Operator.named("Attention"), try facts.output().count > 0 else {
      throw .unsupported("an empty result")
    }
    var again = runFacts
    let name = facts.node.outputs[0]
    again.node.outputs = [name, nil, nil, name]
    again.node.attributes["qk_matmul_output_mode"] = .int(3)
    again.outputs = try op.infer(again)
    forward = try op.prepare(again)
    operandCount = facts.inputs.count
    let (q, v) = (sizes.query.size, sizes.value.size)
    let (length, total) = (sizes.query.length, sizes.total)
    values = ProductF32(m: total, n: v, k: length, transposesA: true)
    scores = ProductF32(m: length, n: total, k: v, transposesB: true)
    queries = ProductF32(m: length, n: q, k: total)
    keys = ProductF32(m: total, n: q, k: length, transposesA: true)
  }

  private static func rounded(_ count: Int) -> Int { (count * 4 + 127) & ~63 }

  func step() -> TrainingStep {
    let back = self
    let probabilities = Self.rounded(sizes.batch * sizes.query.heads * length * total)
    let result = Self.rounded(sizes.batch * sizes.query.heads * length * sizes.value.size)
    let products = [values, scores, queries, keys].reduce(0) {
      max($0, $1.scratch.bytes(threads: 1))
    }
    let sums = max(total, length) * max(sizes.query.size, sizes.value.size)
    let slot = Self.rounded(length * total) + Self.rounded(sums) + (products + 63) & ~63
    return TrainingStep(
      readsInputs: Array(0..<operandCount),
      // The probabilities, then either what computes them or what heads need.
      scratch: ScratchSize(shared: 0, perThread: slot)
        .or(ScratchSize(shared: result + forward.scratch.mostBytes)).behind(probabilities)
    ) { memory in
      let p = memory.scratch.assumingMemoryBound(to: Float.self)
      let rest = memory.scratch + probabilities
      back.probabilities(memory, to: p, result: rest, scratch: rest + result)
      // Queries' heads that share keys follow one another on one thread: their gradients add up.
      memory.pool.share(sizes.batch * sizes.key.heads) { thread, units in
        let own = rest + thread * slot
        for unit in units { back.head(memory, unit, p, own) }
      }
    }
  }

  /// Runs the node once more.
  private func probabilities(
    _ memory: StepMemory, to p: UnsafeMutablePointer<Float>, result: UnsafeMutableRawPointer,
    scratch: UnsafeMutableRawPointer
  ) {
    withUnsafeTemporaryAllocation(
      of: UnsafeMutableRawPointer.self, capacity: operandCount + 4
    ) { places in
      guard let base = places.baseAddress else { return }
      for index in 0..<operandCount {
        base[index] = UnsafeMutableRawPointer(mutating: memory.operands.rawInput(index))
      }
      for index in 0..<3 { base[operandCount + index] = result }
      base[operandCount + 3] = UnsafeMutableRawPointer(p)
      forward.run(
        Operands(
          inputs: UnsafePointer(base), outputs: UnsafePointer(base + operandCount),
          scratch: scratch, pool: memory.pool))
    }
  }

  /// All heads of queries that read one head of keys of one sample.
  private func head(
    _ memory: StepMemory, _ unit: Int, _ p: UnsafePointer<Float>, _ own: UnsafeMutableRawPointer
  ) {
    let s = own.assumingMemoryBound(to: Float.self)
    let sums = (own + Self.rounded(length * total)).assumingMemoryBound(to: Float.self)
    let room = max(total, length) * max(sizes.query.size, sizes.value.size)
    let scratch = own + Self.rounded(length * total) + Self.rounded(room)
    let (sample, shared) = (unit / sizes.key.heads, unit % sizes.key.heads)
    let repeats = sizes.query.heads / sizes.key.heads
    func offset(_ view: HeadView, _ head: Int) -> Int {
      sample * view.batchStride + head * view.headStride
    }
    let (keyAt, valueAt) = (offset(sizes.key, shared), offset(sizes.value, shared))
    for head in shared * repeats..<(shared + 1) * repeats {
      let p = p + (sample * sizes.query.heads + head) * length * total
      // The result lies as queries do, with the size of values.
      let size = sizes.value.size
      let step = sizes.isFlat ? sizes.query.heads * size : size
      let g =
        memory.gradient()
        + (sizes.isFlat
          ? sample * length * step + head * size
          : (sample * sizes.query.heads + head) * length * size)
      if let place = memory.place(2) {
        values.run(
          a: p, lda: total, b: g, ldb: step, c: sums, ldc: size, scratch: scratch, pool: single)
        add(sums, total, size, 1, to: place.pointer + valueAt, sizes.value.rowStride)
      }
      guard memory.place(0) != nil || memory.place(1) != nil else { continue }
      scores.run(
        a: g, lda: step, b: memory.input(2) + valueAt, ldb: sizes.value.rowStride, c: s,
        ldc: total, scratch: scratch, pool: single)
      for row in 0..<length {
        let (s, p) = (s + row * total, p + row * total)
        var sum: Float = 0
        for i in 0..<total { sum += s[i] * p[i] }
        for i in 0..<total { s[i] = p[i] * (s[i] - sum) }
      }
      let width = sizes.query.size
      let queryAt = offset(sizes.query, head)
      if let place = memory.place(0) {
        queries.run(
          a: s, lda: total, b: memory.input(1) + keyAt, ldb: sizes.key.rowStride, c: sums,
          ldc: width, scratch: scratch, pool: single)
        add(sums, length, width, scale, to: place.pointer + queryAt, sizes.query.rowStride)
      }
      if let place = memory.place(1) {
        keys.run(
          a: s, lda: total, b: memory.input(0) + queryAt, ldb: sizes.query.rowStride, c: sums,
          ldc: width, scratch: scratch, pool: single)
        add(sums, total, width, scale, to: place.pointer + keyAt, sizes.key.rowStride)
      }
    }
  }

  /// Adds dense rows, times a factor, to rows that are `pitch` apart.
  private func add(
    _ from: UnsafePointer<Float>, _ rows: Int, _ columns: Int, _ factor: Float,
    to: UnsafeMutablePointer<Float>, _ pitch: Int
  ) {
    for row in 0..<rows {
      let (from, to) = (from + row * columns, to + row * pitch)
      for i in 0..<columns { to[i] += factor * from[i] }
    }
  }
}
