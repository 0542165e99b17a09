import Kernels
import ModelFormat

extension NodeFacts {
  /// An execution that averages each window.
  ///
  /// Takes float32, float64, or uint8 with the parameters of input and output. A window without taps gives zero.
  func averagePooling(
    _ window: SpatialWindow, countsPadding: Bool
  ) throws(OperatorError) -> Execution {
    let data = try input(0)
    let result = try output()
    try require(data, "input", among: [.float32, .float64, .uint8])
    if result.count == 0 { return .nothing }
    let geometry = PoolGeometry(data, window, countsPadding: countsPadding)
    switch data.type {
    case .float32: return average(geometry, Float.self)
    case .float64: return average(geometry, Double.self)
    default:
      guard let from = data.quantization, let to = result.quantization, from.axis == nil,
        to.axis == nil
      else { throw .unsupported("averages of uint8 need one scale for input and output each") }
      return try quantizedAverage(geometry, from, to)
    }
  }
}

private func average<T: BinaryFloatingPoint & BitwiseCopyable & Sendable>(
  _ geometry: PoolGeometry, _: T.Type
) -> Execution {
  Execution(kernel: "average pool") { operands in
    operands.pool.run(parts: geometry.parts) { part in
      for line in geometry.lines(of: part) {
        average(geometry, line, operands.input(0, as: T.self), operands.output(as: T.self))
      }
    }
  }
}

private func average<T: BinaryFloatingPoint>(
  _ geometry: PoolGeometry, _ line: Int, _ from: UnsafePointer<T>, _ to: UnsafeMutablePointer<T>
) {
  let channels = geometry.channels
  geometry.forEachPixel(of: line) { pixel, window in
    let target = to + pixel * channels
    target.update(repeating: 0, count: channels)
    geometry.forEachTap(of: window) { tap in
      let source = from + tap * channels
      for c in 0..<channels { target[c] += source[c] }
    }
    let divisor = T(max(1, window.divisor))
    for c in 0..<channels { target[c] /= divisor }
  }
}

/// The scales that bring a sum over a window to the output's parameters, for each number of taps.
private struct AverageScales: Sendable {
  /// For depth, height and width: which of the distinct numbers of taps a position has.
  var classes: [[Int]] = []
  /// The number of distinct ones along each dimension.
  var counts: [Int] = []
  /// A scale for each combination, the width's classes innermost.
  var scales: [FixedPointScale] = []

  init(_ geometry: PoolGeometry, _ ratio: Double) {
    var distinct: [[Int]] = []
    for places in geometry.places {
      var divisors: [Int] = []
      classes.append(
        places.map { place in
          if let index = divisors.firstIndex(of: place.divisor) { return index }
          divisors.append(place.divisor)
          return divisors.count - 1
        })
      distinct.append(divisors)
    }
    counts = distinct.map({ $0.count })
    for depth in distinct[0] {
      for height in distinct[1] {
        for width in distinct[2] {
          scales.append(FixedPointScale(ratio / Double(max(1, depth &* height &* width))))
        }
      }
    }
  }

  /// The scale for output pixel `pixel`, counted over all images.
  @inline(__always)
  func scale(_ pixel: Int) -> FixedPointScale {
    let column = pixel % classes[2].count
    let row = pixel / classes[2].count
    let height = row % classes[1].count
    let depth = row / classes[1].count % classes[0].count
    return scales[
      (classes[0][depth] * counts[1] + classes[1][height]) * counts[2] + classes[2][column]]
  }
}

/// An average of uint8: an exact integer sum, then one fixed-point multiplication.
private func quantizedAverage(
  _ geometry: PoolGeometry, _ from: Quantization, _ to: Quantization
) throws(OperatorError) -> Execution {
  var taps = 1
  for places in geometry.places {
    taps = taps &* (places.map { max($0.taps, min($0.divisor, 1 << 23)) }.max() ?? 1)
    guard taps <= 1 << 23 else {
      throw .unsupported("averages of uint8 over more than \(1 << 23) elements are not supported")
    }
  }
  let channels = geometry.channels
  let scales = AverageScales(geometry, Double(from.scales[0]) / Double(to.scales[0]))
  let zeroIn = from.zeroPoints[0]
  let zeroOut = Int64(to.zeroPoints[0])
  let parts = geometry.parts
  let scratch = parts * channels * MemoryLayout<Int32>.stride
  return Execution(kernel: "average pool u8", scratchBytes: scratch) { operands in
    operands.pool.run(parts: parts) { part in
      let sums = operands.scratch.assumingMemoryBound(to: Int32.self) + part * channels
      let x = operands.input(0, as: UInt8.self)
      let y = operands.output(as: UInt8.self)
      for line in geometry.lines(of: part) {
        geometry.forEachPixel(of: line) { pixel, window in
          sums.update(
            repeating: 0 &- Int32(truncatingIfNeeded: window.taps) &* zeroIn, count: channels)
          geometry.forEachTap(of: window) { tap in
            let source = x + tap * channels
            for c in 0..<channels { sums[c] &+= Int32(source[c]) }
          }
          let scale = scales.scale(pixel)
          let target = y + pixel * channels
          for c in 0..<channels {
            target[c] = UInt8(max(0, min(255, zeroOut &+ scale.scaled(sums[c]))))
          }
        }
      }
    }
  }
}
