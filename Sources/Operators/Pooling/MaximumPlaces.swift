import Kernels
import ModelFormat

extension NodeFacts {
  /// An execution that takes the largest element of each window and where it stands; of equal ones the
  /// first.
  func maximumPlaces(
    _ window: SpatialWindow, firstInnermost: Bool
  ) throws(OperatorError) -> Execution {
    let data = try input(0)
    try require(data, "input", among: [.float32, .float64, .uint8, .int8])
    if try output().count == 0 { return .nothing }
    let geometry = PoolGeometry(data, window)
    switch data.type {
    case .float32: return places(geometry, firstInnermost, -Float.infinity)
    case .float64: return places(geometry, firstInnermost, -Double.infinity)
    case .int8: return places(geometry, firstInnermost, Int8.min)
    default: return places(geometry, firstInnermost, UInt8.min)
    }
  }
}

private func places<T: Comparable & BitwiseCopyable & Sendable>(
  _ geometry: PoolGeometry, _ firstInnermost: Bool, _ lowest: T
) -> Execution {
  let channels = geometry.channels
  let plane = geometry.extents.reduce(1, &*)
  return Execution(kernel: "max pool indices") { operands in
    operands.pool.run(parts: geometry.parts) { part in
      let from = operands.input(0, as: T.self)
      let to = operands.output(0, as: T.self)
      let found = operands.output(1, as: Int64.self)
      for line in geometry.lines(of: part) {
        geometry.forEachPixel(of: line) { pixel, window in
          (to + pixel * channels).update(repeating: lowest, count: channels)
          (found + pixel * channels).update(repeating: -1, count: channels)
          geometry.forEachTap(of: window) { tap in
            for c in 0..<channels {
              let value = from[tap * channels + c]
              let target = pixel * channels + c
              if found[target] < 0 || to[target] < value {
                to[target] = value
                found[target] = Int64(tap)
              }
            }
          }
          // From pixels in memory order to places in the row-major input.
          for c in 0..<channels {
            let tap = max(0, Int(found[pixel * channels + c]))
            let place = firstInnermost ? geometry.columnMajor(tap % plane) : tap % plane
            found[pixel * channels + c] = Int64((tap / plane * channels + c) * plane + place)
          }
        }
      }
    }
  }
}

extension PoolGeometry {
  /// The place of pixel `pixel` of an image where the first spatial dimension is the innermost.
  @inline(__always)
  fileprivate func columnMajor(_ pixel: Int) -> Int {
    let (depth, height, width) = extents.withUnsafeBufferPointer { ($0[0], $0[1], $0[2]) }
    let (w, h, d) = (pixel % width, pixel / width % height, pixel / width / height)
    return (w * height + h) * depth + d
  }
}
