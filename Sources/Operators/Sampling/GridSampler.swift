import ModelFormat

/// What a place between pixels is made of, along each of up to three dimensions.
struct GridSampler: Sendable {
  private enum Mode: String { case nearest, linear, cubic }
  private enum Padding: String { case zeros, border, reflection }

  /// Up to four neighbours along one dimension; those outside of the image weigh nothing.
  struct Line {
    var offsets = SIMD4<Int>()
    var weights = SIMD4<Float>()
    var count = 1
  }

  /// The neighbours along depth, height and width.
  struct Taps {
    var depth = Line(weights: SIMD4(1, 0, 0, 0))
    var height = Line(weights: SIMD4(1, 0, 0, 0))
    var width = Line()
  }

  private let mode: Mode
  private let padding: Padding
  private let alignsCorners: Bool
  private let extents: [Int]
  private let strides: [Int]

  /// The sampler that a node's attributes describe, over images of `extents`.
  init(_ facts: NodeFacts, extents: [Int]) throws(OperatorError) {
    let name = try facts.string("mode", default: "linear")
    guard let mode = Mode(rawValue: name) else {
      throw .attribute(name: "mode", problem: "is '\(name)', but must be linear, nearest or cubic")
    }
    let rule = try facts.string("padding_mode", default: "zeros")
    guard let padding = Padding(rawValue: rule) else {
      throw .attribute(
        name: "padding_mode", problem: "is '\(rule)', but must be zeros, border or reflection")
    }
    self.mode = mode
    self.padding = padding
    alignsCorners = try facts.int("align_corners", default: 0) != 0
    self.extents = extents
    strides = Shape(extents).strides
  }

  /// The neighbours of the place with the coordinates at `grid`, innermost dimension first.
  func taps(_ grid: UnsafePointer<Float>) -> Taps {
    let rank = extents.count
    var taps = Taps()
    taps.width = line(grid[0], rank - 1)
    if rank > 1 { taps.height = line(grid[1], rank - 2) }
    if rank > 2 { taps.depth = line(grid[2], 0) }
    return taps
  }

  /// The weighed sum of the neighbours in one channel.
  @inline(__always)
  func sample(_ image: UnsafePointer<Float>, _ taps: Taps) -> Float {
    var sum: Float = 0
    for d in 0..<taps.depth.count where taps.depth.weights[d] != 0 {
      for h in 0..<taps.height.count where taps.height.weights[h] != 0 {
        let line = image + (taps.depth.offsets[d] + taps.height.offsets[h])
        var row: Float = 0
        for w in 0..<taps.width.count where taps.width.weights[w] != 0 {
          row += taps.width.weights[w] * line[taps.width.offsets[w]]
        }
        sum += taps.depth.weights[d] * taps.height.weights[h] * row
      }
    }
    return sum
  }

  /// The neighbours along dimension `axis` of coordinate `x`.
  private func line(_ x: Float, _ axis: Int) -> Line {
    let extent = Float(extents[axis])
    let place = alignsCorners ? (x + 1) / 2 * (extent - 1) : ((x + 1) * extent - 1) / 2
    // Far outside nothing changes any more; the limit keeps conversions to integers safe.
    let limited = saturating(place, -0x1p30, 0x1p30)
    var line = Line()
    switch mode {
    case .nearest: set(&line, 0, limited.rounded(.toNearestOrEven), 1, axis)
    case .linear:
      let floor = limited.rounded(.down)
      line.count = 2
      set(&line, 0, floor, 1 - (limited - floor), axis)
      set(&line, 1, floor + 1, limited - floor, axis)
    case .cubic:
      let floor = limited.rounded(.down)
      let t = limited - floor
      line.count = 4
      let weights = GridSampler.cubic(t)
      for i in 0..<4 { set(&line, i, floor + Float(i - 1), weights[i], axis) }
    }
    return line
  }

  /// The weights of four neighbours for a place `t` behind the second, with Keys' parameter -0.75.
  private static func cubic(_ t: Float) -> SIMD4<Float> {
    func near(_ x: Float) -> Float { (1.25 * x - 2.25) * x * x + 1 }
    func far(_ x: Float) -> Float { ((-0.75 * x + 3.75) * x - 6) * x + 3 }
    return SIMD4(far(t + 1), near(t), near(1 - t), far(2 - t))
  }

  /// Makes neighbour `tap` the entry at `place`, or what the padding puts there.
  private func set(_ line: inout Line, _ tap: Int, _ place: Float, _ weight: Float, _ axis: Int) {
    var index = Int(place)
    let last = extents[axis] - 1
    if index < 0 || index > last {
      switch padding {
      case .zeros: return
      case .border: index = max(0, min(last, index))
      case .reflection: index = reflected(index, last)
      }
    }
    line.offsets[tap] = index * strides[axis]
    line.weights[tap] = weight
  }

  /// Where an entry outside of `0 ... last` lies when the image is mirrored at its borders: at the
  /// centres of the outermost pixels where corners are aligned, else at their edges.
  private func reflected(_ index: Int, _ last: Int) -> Int {
    if last == 0 { return 0 }
    let period = alignsCorners ? 2 * last : 2 * (last + 1)
    let phase = ((index % period) + period) % period
    if phase <= last { return phase }
    return alignsCorners ? period - phase : period - 1 - phase
  }
}
