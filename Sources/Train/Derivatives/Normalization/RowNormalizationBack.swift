import Kernels
import ModelFormat
import Operators

/// The gradients of a normalization of rows, each row a run of elements.
///
/// With `n = (x − mean) / deviation` and `d = g · scale`, x gets `(d − mean d − n · mean(d · n)) / deviation`;
/// without centering the means of x and d are left out. Scales get sums of `g · n`, biases of `g`.
struct RowNormalizationBack: Sendable {
  /// Rows, and elements of each.
  let rows: Int, size: Int
  /// Rows that have scales of their own before they begin anew: 1 for LayerNormalization, groups for others.
  let period: Int
  /// Elements that one scale serves in a run.
  let run: Int
  /// Scales for a row: one for all, or one for each run.
  let isScalar: Bool
  let epsilon: Float
  let isCentered: Bool

  /// Pieces whose sums for scales are made apart; the number of threads does not change them.
  private static let pieces = 16

  private var scales: Int { isScalar ? 1 : period * (size / max(1, run)) }

  /// The step; `hasBias` where input 2 is a bias.
  func step(hasBias: Bool) -> TrainingStep {
    let back = self
    let sums = Self.pieces * 2 * scales * 4
    return TrainingStep(
      readsInputs: [0, 1], scratch: ScratchSize(shared: sums), writes: true, overwrites: [0]
    ) { memory in
      let places = (memory.place(0), memory.place(1), hasBias ? memory.place(2) : nil)
      let wantsSums = places.1 != nil || places.2 != nil
      back.rows(memory, places.0, wantsSums: wantsSums)
      if let place = places.1 { back.total(memory, 0, place) }
      if let place = places.2 { back.total(memory, 1, place) }
    }
  }

  private func rows(_ memory: StepMemory, _ place: GradientPlace?, wantsSums: Bool) {
    let sums = memory.scratch.assumingMemoryBound(to: Float.self)
    memory.pool.run(parts: Self.pieces) { piece in
      let own = sums + piece * 2 * scales
      own.update(repeating: 0, count: 2 * scales)
      for row in rows * piece / Self.pieces..<rows * (piece + 1) / Self.pieces {
        self.row(memory, row, place, wantsSums ? own : nil)
      }
    }
  }

  private func row(
    _ memory: StepMemory, _ row: Int, _ place: GradientPlace?, _ sums: UnsafeMutablePointer<Float>?
  ) {
    let x = memory.input(0) + row * size
    let g = memory.gradient() + row * size
    let scale = memory.input(1) + (isScalar ? 0 : row % period * (size / run))
    let own = sums.map { $0 + (isScalar ? 0 : row % period * (size / run)) }
    let mean = isCentered ? Lanes.sum(size) { x[$0] } / Float(size) : 0
    let squares = Lanes.sum(size) { (x[$0] - mean) * (x[$0] - mean) }
    let inverse = 1 / (squares / Float(size) + epsilon).squareRoot()
    // The sums of d and of d · n.
    let (sum, product): (Float, Float)
    if run == 1 {
      if let own {
        let biases = own + scales
        for i in 0..<size {
          own[i] += g[i] * ((x[i] - mean) * inverse)
          biases[i] += g[i]
        }
      }
      guard place != nil else { return }
      sum = Lanes.sum(size) { g[$0] * scale[$0] }
      product = Lanes.sum(size) { g[$0] * scale[$0] * ((x[$0] - mean) * inverse) }
    } else {
      var totals: (Float, Float) = (0, 0)
      for part in 0..<size / run {
        let (g, x) = (g + part * run, x + part * run)
        let plain = Lanes.sum(run) { g[$0] }
        let times = Lanes.sum(run) { g[$0] * ((x[$0] - mean) * inverse) }
        own?[part] += times
        own?[scales + part] += plain
        totals.0 += plain * scale[part]
        totals.1 += times * scale[part]
      }
      (sum, product) = totals
    }
    guard let place else { return }
    let meanD = isCentered ? sum / Float(size) : 0
    let meanProduct = product / Float(size)
    @inline(__always)
    func write(_ first: Int, _ count: Int, _ factor: (Int) -> Float) {
      let (x, g, to) = (x + first, g + first, place.pointer + (row * size + first))
      @inline(__always)
      func value(_ i: Int) -> Float {
        (g[i] * factor(i) - meanD - (x[i] - mean) * inverse * meanProduct) * inverse
      }
      if place.adds {
        for i in 0..<count { to[i] += value(i) }
      } else {
        for i in 0..<count { to[i] = value(i) }
      }
    }
    if run == 1 {
      write(0, size) { scale[$0] }
    } else {
      for part in 0..<size / run {
        let factor = scale[part]
        write(part * run, run) { _ in factor }
      }
    }
  }

  /// Adds up what the pieces found for scales (0) or biases (1).
  private func total(_ memory: StepMemory, _ which: Int, _ place: GradientPlace) {
    let sums = memory.scratch.assumingMemoryBound(to: Float.self) + which * scales
    for i in 0..<scales {
      var sum = place.adds ? place.pointer[i] : 0
      for piece in 0..<Self.pieces { sum += sums[piece * 2 * scales + i] }
      place.pointer[i] = sum
    }
  }
}
