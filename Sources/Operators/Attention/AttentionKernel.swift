import Kernels
import ModelFormat

/// Attention over blocks of queries: each part of a run has the scores of one block at a time, so that
/// memory does not grow with the number of queries.
struct AttentionKernel: Sendable {
  /// Queries of a block.
  private static let blockRows = 64
  /// Bytes that the blocks of all parts may take together, where one alone does not take more.
  private static let budget = 64 << 20

  /// The two products for blocks of one height.
  private struct Products: Sendable {
    let scores: ProductF32
    let values: ProductF32

    init(rows: Int, _ sizes: AttentionSizes) {
      scores = ProductF32(m: rows, n: sizes.total, k: sizes.query.size, transposesB: true)
      values = ProductF32(m: rows, n: sizes.value.size, k: sizes.total)
    }

    var scratchBytes: Int { scores.scratch.or(values.scratch).bytes(threads: 1) }
  }

  private let sizes: AttentionSizes
  private let masking: AttentionMasking
  private let full: Products
  private let rest: Products?
  private let rows: Int
  private let blocks: Int
  private let scoreBytes: Int
  private let slotBytes: Int
  private let slots: Int
  private let outputMode: Int?
  private let single = ThreadPool(threads: 1)
  private let vectors = VectorKernels.best

  /// Bytes of scratch memory.
  var scratchBytes: Int { slots * slotBytes }

  /// The kernel of a node whose result is not empty.
  init(_ facts: NodeFacts, _ sizes: AttentionSizes) throws(OperatorError) {
    self.sizes = sizes
    masking = try AttentionMasking(facts, sizes)
    let mode = try facts.int("qk_matmul_output_mode", default: 0)
    guard mode >= 0, mode <= 3 else {
      throw .attribute(name: "qk_matmul_output_mode", problem: "is \(mode), but must be 0 to 3")
    }
    outputMode = facts.wantsOutput(3) ? mode : nil
    guard sizes.total <= 1 << 28, sizes.query.size <= 1 << 24, sizes.value.size <= 1 << 24,
      Shape([sizes.total, sizes.query.size + sizes.value.size]).checkedCount != nil
    else { throw .unsupported("attention to \(sizes.total) entries") }
    rows = min(AttentionKernel.blockRows, sizes.query.length)
    blocks = (sizes.query.length + rows - 1) / rows
    full = Products(rows: rows, sizes)
    let remainder = sizes.query.length % rows
    rest = remainder == 0 ? nil : Products(rows: remainder, sizes)
    scoreBytes = (rows * sizes.total * MemoryLayout<Float>.stride + 127) / 64 * 64
    let products = max(full.scratchBytes, rest?.scratchBytes ?? 0)
    slotBytes = scoreBytes + (products + 63) / 64 * 64
    let units = sizes.batch * sizes.query.heads * blocks
    slots = max(1, min(16, units, AttentionKernel.budget / slotBytes))
  }

  /// Computes the first output, and the fourth where the node asks for it.
  func run(
    _ operands: Operands, key: UnsafePointer<Float>, _ keyView: HeadView,
    value: UnsafePointer<Float>, _ valueView: HeadView, scratch: UnsafeMutableRawPointer
  ) {
    let units = sizes.batch * sizes.query.heads * blocks
    operands.pool.run(parts: slots) { slot in
      let scores = scratch + slot * slotBytes
      for unit in (slot * units / slots)..<((slot + 1) * units / slots) {
        let head = unit / blocks % sizes.query.heads
        let sample = unit / blocks / sizes.query.heads
        let shared = head / (sizes.query.heads / keyView.heads)
        run(
          operands, sample, head, unit % blocks,
          key + sample * keyView.batchStride + shared * keyView.headStride, keyView.rowStride,
          value + sample * valueView.batchStride + shared * valueView.headStride,
          valueView.rowStride, scores.assumingMemoryBound(to: Float.self), scores + scoreBytes)
      }
    }
  }

  /// One block of queries of one head.
  private func run(
    _ operands: Operands, _ sample: Int, _ head: Int, _ block: Int, _ key: UnsafePointer<Float>,
    _ keyStep: Int, _ value: UnsafePointer<Float>, _ valueStep: Int,
    _ scores: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutableRawPointer
  ) {
    let first = block * rows
    let count = min(rows, sizes.query.length - first)
    let products = count == rows ? full : rest ?? full
    let query =
      operands.input(0, as: Float.self) + sample * sizes.query.batchStride
      + head * sizes.query.headStride + first * sizes.query.rowStride
    let total = sizes.total
    products.scores.run(
      a: query, lda: sizes.query.rowStride, b: key, ldb: keyStep, c: scores, ldc: total,
      scratch: scratch, pool: single)
    for row in 0..<count {
      let line = scores + row * total
      masking.scale(line)
      copy(line, operands, sample, head, first + row, mode: 0)
      masking.cap(line)
      copy(line, operands, sample, head, first + row, mode: 1)
      let range = masking.mask(operands, line, sample, head, first + row)
      copy(line, operands, sample, head, first + row, mode: 2)
      if let range {
        vectors.softmax(
          line + range.lowerBound, to: line + range.lowerBound, rows: 1, columns: range.count)
      }
      let kept = range ?? 0..<0
      line.update(repeating: 0, count: kept.lowerBound)
      (line + kept.upperBound).update(repeating: 0, count: total - kept.upperBound)
      copy(line, operands, sample, head, first + row, mode: 3)
    }
    let (size, heads) = (sizes.value.size, sizes.query.heads)
    let step = sizes.isFlat ? heads * size : size
    let place =
      sizes.isFlat
      ? (sample * sizes.query.length + first) * step + head * size
      : ((sample * heads + head) * sizes.query.length + first) * size
    products.values.run(
      a: scores, lda: total, b: value, ldb: valueStep, c: operands.output(as: Float.self) + place,
      ldc: step, scratch: scratch, pool: single)
  }

  /// Copies the scores of a query to the fourth output where it wants them at this point.
  private func copy(
    _ line: UnsafeMutablePointer<Float>, _ operands: Operands, _ sample: Int, _ head: Int,
    _ query: Int, mode: Int
  ) {
    guard outputMode == mode else { return }
    let place = (sample * sizes.query.heads + head) * sizes.query.length + query
    (operands.output(3, as: Float.self) + place * sizes.total)
      .update(from: line, count: sizes.total)
  }
}
