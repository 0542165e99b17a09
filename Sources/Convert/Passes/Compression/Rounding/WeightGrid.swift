import ModelFormat

/// The numbers that weights of a layer may become: integers of few bits times a scale for each output.
enum WeightGrid: Hashable, Sendable {
  /// All integers of so many bits; of eight, all but −128.
  case uniform(bits: Int)
  /// As many integers of eight bits as so many bits can number, chosen for the layer by k-means.
  case kmeans(bits: Int)

  /// The grid for weights of a type; nil where they are no integers.
  init?(_ type: WeightType) {
    switch type {
    case .integer(let bits): self = .uniform(bits: bits)
    case .palette(let bits): self = .kmeans(bits: bits)
    case .float32, .float16, .bfloat16: return nil
    }
  }
}

/// The levels and scales of one layer: what `WeightGrid` comes to for its weights.
struct WeightLevels {
  /// A scale for each row.
  let scales: [Float]
  /// The levels, rising.
  let levels: [Int8]
  /// Whether the levels are all integers from the first to the last.
  private let isUniform: Bool

  /// The levels for `weights`, [rows][n].
  ///
  /// - Parameters:
  ///   - importance: the mean square of what each weight is multiplied with, [groups][n]; nil where nothing
  ///     is known. Rows of one group follow one another.
  ///   - holdsZero: whether zero has to be among the levels.
  init(
    _ weights: [Double], rows: Int, grid: WeightGrid, importance: [Double]? = nil, holdsZero: Bool
  ) {
    let n = rows == 0 ? 0 : weights.count / rows
    let groups = n == 0 ? 1 : max(1, (importance?.count ?? n) / n)
    func weight(_ row: Int, _ k: Int) -> Double {
      importance.map { $0[row / max(1, rows / groups) * n + k] } ?? 1
    }
    switch grid {
    case .uniform(let bits):
      let range = Self.range(bits: bits)
      levels = range.map { Int8($0) }
      isUniform = true
      scales = Self.completed(
        (0..<rows).map { row in
          Self.scale(weights[row * n..<(row + 1) * n], range, shrinks: bits < 8) {
            weight(row, $0)
          }
        })
    case .kmeans(let bits):
      let scales = Self.completed(
        (0..<rows).map { row in
          Self.scale(weights[row * n..<(row + 1) * n], -127...127, shrinks: false) { _ in 1 }
        })
      var histogram = [Double](repeating: 0, count: 255)
      for row in 0..<rows {
        let scale = Double(scales[row])
        for k in 0..<n {
          let value = weights[row * n + k]
          // Zeros that stay need no cluster.
          if value == 0, holdsZero { continue }
          // A floor keeps weights in sight whose inputs were never there.
          histogram[Int(Self.nearest(value / scale, -127...127)) + 127] +=
            scale * scale * max(weight(row, k), 1e-12)
        }
      }
      self.scales = scales
      levels = KMeans.levels(histogram, count: 1 << bits, includesZero: holdsZero)
      isUniform = false
    }
  }

  /// The level that `weight` of `row` becomes.
  func level(_ weight: Double, row: Int) -> Int8 {
    let scaled = weight / Double(scales[row])
    if isUniform { return Self.nearest(scaled, Int(levels[0])...Int(levels[levels.count - 1])) }
    // Binary search for the first level whose middle to the next lies above.
    var low = 0
    var high = levels.count - 1
    while low < high {
      let middle = (low + high) / 2
      if (Double(levels[middle]) + Double(levels[middle + 1])) / 2 < scaled {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return levels[low]
  }

  /// The levels of a uniform grid: all integers of so many bits; of eight, all but −128, which kernels do not
  /// take.
  private static func range(bits: Int) -> ClosedRange<Int> {
    let most = 1 << (bits - 1)
    return (bits < 8 ? -most : 1 - most)...(most - 1)
  }

  /// `scaled` rounded half to even and held within `range`.
  private static func nearest(_ scaled: Double, _ range: ClosedRange<Int>) -> Int8 {
    Int8(
      min(
        max(scaled.rounded(.toNearestOrEven), Double(range.lowerBound)), Double(range.upperBound)))
  }

  /// The scale of a row: the largest weight at the last level, or, with `shrinks`, the part of that with the
  /// least squared error: 1 − k/100 for k from 0 to 80, the first of equals.
  private static func scale(
    _ weights: ArraySlice<Double>, _ range: ClosedRange<Int>, shrinks: Bool,
    _ importance: (Int) -> Double
  ) -> Float {
    let largest = weights.reduce(0) { max($0, abs($1)) }
    let full = Float(largest) / Float(max(1, range.upperBound))
    guard shrinks, full.isNormal else { return full }
    let importances = weights.indices.map { importance($0 - weights.startIndex) }
    var best = (error: Double.infinity, scale: full)
    for step in 0...80 {
      let candidate = full * (1 - Float(step) / 100)
      guard candidate.isNormal else { break }
      let scale = Double(candidate)
      var error = 0.0
      for index in weights.indices {
        let rest = weights[index] - scale * Double(nearest(weights[index] / scale, range))
        error += rest * rest * importances[index - weights.startIndex]
        if error >= best.error { break }
      }
      if error < best.error { best = (error, candidate) }
    }
    return best.scale
  }

  /// Scales in the file's short form; rows of zeros take the largest.
  private static func completed(_ scales: [Float]) -> [Float] {
    let widest = scales.max() ?? 1
    let fallback: Float = widest.isNormal ? widest : 1
    return Quantization.roundedUpToHalfRatios(scales.map { $0.isNormal ? $0 : fallback })
  }
}
