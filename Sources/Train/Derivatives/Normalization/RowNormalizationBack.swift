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
    let scale = memory.input(1)
    let first = row % period * (size / run)
    var (total, squares) = (0.0, 0.0)
    if isCentered { for i in 0..<size { total += Double(x[i]) } }
    let mean = Float(total / Double(size))
    for i in 0..<size { squares += Double((x[i] - mean) * (x[i] - mean)) }
    let inverse = 1 / (Float(squares / Double(size)) + epsilon).squareRoot()
    var (sum, product) = (0.0, 0.0)
    for part in 0..<size / run {
      let at = isScalar ? 0 : first + part
      var (own, ownProduct) = (0.0, 0.0)
      for i in part * run..<(part + 1) * run {
        own += Double(g[i])
        ownProduct += Double(g[i] * (x[i] - mean) * inverse)
      }
      if let sums {
        sums[at] += Float(ownProduct)
        sums[scales + at] += Float(own)
      }
      sum += own * Double(scale[at])
      product += ownProduct * Double(scale[at])
    }
    guard let place else { return }
    let to = place.pointer + row * size
    let (meanD, meanProduct) = (
      isCentered ? Float(sum / Double(size)) : 0, Float(product / Double(size))
    )
    for part in 0..<size / run {
      let factor = scale[isScalar ? 0 : first + part]
      for i in part * run..<(part + 1) * run {
        let n = (x[i] - mean) * inverse
        let value = (g[i] * factor - meanD - n * meanProduct) * inverse
        to[i] = place.adds ? to[i] + value : value
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
