import Kernels
import ModelFormat
import Operators

/// The gradient of an operand that is broadcast: sums of the output's gradient times a derivative.
///
/// Sums are cut into pieces by shapes alone, and added in order: threads change nothing.
struct PairSums<S: PairSlope>: Sendable {
  private let slope: S
  private let rows: PairRows
  /// Which of the two operands it is, its elements, and its step along a row.
  private let operand: Int, count: Int, step: Int
  /// Rows of one index of the outermost dimension, and how many such indices there are.
  private let each: Int, outer: Int
  /// Whether each of these has elements of the operand to itself.
  private let isApart: Bool

  private static var most: Int { 16 }

  /// The sums for operand 0 or 1, of `count` elements.
  init(_ slope: S, _ rows: PairRows, _ operand: Int, count: Int) {
    self.slope = slope
    self.rows = rows
    self.operand = operand
    self.count = count
    step = operand == 0 ? rows.steps.a : rows.steps.b
    outer = rows.outermost?.extent ?? 1
    each = rows.rows / max(1, outer)
    isApart = (operand == 0 ? rows.outermost?.a : rows.outermost?.b) ?? 0 != 0
  }

  /// Pieces of the work: of the outermost dimension, or of the one row that there is.
  private var pieces: Int {
    if isApart { return outer }
    return rows.rows == 1
      ? min(Self.most, max(1, rows.count >> 12)) : min(Self.most, outer)
  }

  /// Bytes for the sums of all pieces, where they have to be added up.
  var scratchBytes: Int { isApart || pieces == 1 ? 0 : pieces * count * 4 }

  /// Adds the sums to `place`, or writes them.
  func run(_ memory: StepMemory, to place: GradientPlace) {
    if !place.adds { place.pointer.update(repeating: 0, count: count) }
    if isApart {
      memory.split(outer, grain: 1) { range in
        for index in range { add(memory, index * each..<(index + 1) * each, to: place.pointer) }
      }
      return
    }
    let pieces = pieces
    let sums = memory.scratch.assumingMemoryBound(to: Float.self)
    memory.pool.run(parts: pieces) { piece in
      let own = pieces == 1 ? place.pointer : sums + piece * count
      if pieces > 1 { own.update(repeating: 0, count: count) }
      if rows.rows == 1 {
        add(
          memory, row: 0, rows.count * piece / pieces..<rows.count * (piece + 1) / pieces, to: own)
      } else {
        add(memory, outer * piece / pieces * each..<outer * (piece + 1) / pieces * each, to: own)
      }
    }
    guard pieces > 1 else { return }
    memory.split(count) { range in
      for piece in 0..<pieces {
        let own = sums + piece * count
        for i in range { place.pointer[i] += own[i] }
      }
    }
  }

  private func add(_ memory: StepMemory, _ rows: Range<Int>, to sums: UnsafeMutablePointer<Float>) {
    for row in rows { add(memory, row: row, 0..<self.rows.count, to: sums) }
  }

  /// Adds a part of one row.
  private func add(
    _ memory: StepMemory, row: Int, _ range: Range<Int>, to sums: UnsafeMutablePointer<Float>
  ) {
    let offsets = rows.offsets(row)
    let g = memory.gradient() + row * rows.count
    // What is not read is not kept: any address will do.
    let y = slope.reads.y ? UnsafePointer(memory.output() + row * rows.count) : UnsafePointer(g)
    let a = slope.reads.a ? memory.input(0) + offsets.a : UnsafePointer(g)
    let b = slope.reads.b ? memory.input(1) + offsets.b : UnsafePointer(g)
    let to = sums + (operand == 0 ? offsets.a : offsets.b)
    let aStep = slope.reads.a ? rows.steps.a : 0
    let bStep = slope.reads.b ? rows.steps.b : 0
    @inline(__always)
    func total(_ aStep: Int, _ bStep: Int) {
      // Four sums side by side, so that one addition need not wait for the other.
      var (s, t, u, v) = (Float(0), Float(0), Float(0), Float(0))
      @inline(__always)
      func part(_ i: Int) -> Float { g[i] * slope(operand, a[i &* aStep], b[i &* bStep], y[i]) }
      var i = range.lowerBound
      while i &+ 4 <= range.upperBound {
        s += part(i)
        t += part(i &+ 1)
        u += part(i &+ 2)
        v += part(i &+ 3)
        i &+= 4
      }
      while i < range.upperBound {
        s += part(i)
        i &+= 1
      }
      to[0] += (s + t) + (u + v)
    }
    @inline(__always)
    func spread(_ aStep: Int, _ bStep: Int, _ step: Int) {
      for i in range {
        to[i &* step] += g[i] * slope(operand, a[i &* aStep], b[i &* bStep], y[i])
      }
    }
    // Steps that are known make loops of vectors.
    switch (step, aStep, bStep) {
    case (0, 1, 0): total(1, 0)
    case (0, 0, 1): total(0, 1)
    case (0, _, _): total(aStep, bStep)
    case (1, 1, 1): spread(1, 1, 1)
    case (1, 1, 0): spread(1, 0, 1)
    case (1, 0, 1): spread(0, 1, 1)
    default: spread(aStep, bStep, step)
    }
  }
}
