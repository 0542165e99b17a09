import Kernels
import ModelFormat

extension NodeFacts {
  /// An execution that takes the largest element of each window.
  func maximumPooling(_ window: SpatialWindow) throws(OperatorError) -> Execution {
    let data = try input(0)
    try require(data, "input", among: [.float32, .float64, .uint8, .int8])
    if try output().count == 0 { return .nothing }
    let geometry = PoolGeometry(data, window)
    switch data.type {
    case .float32:
      let kernel = PoolKernel.best
      return maximum(geometry, Float.self, kernel.names.float) { kernel.maximum($0, $1, to: $2) }
    case .uint8:
      let kernel = PoolKernel.best
      return maximum(geometry, UInt8.self, kernel.names.byte) { kernel.maximum($0, $1, to: $2) }
    case .float64: return maximum(geometry, -Double.infinity)
    default: return maximum(geometry, Int8.min)
    }
  }
}

private func maximum<T: BitwiseCopyable & Sendable>(
  _ geometry: PoolGeometry, _: T.Type, _ name: String,
  _ kernel:
    @escaping @Sendable (PoolWindows, UnsafePointer<T>, UnsafeMutablePointer<T>) -> Void
) -> Execution {
  Execution(kernel: name) { operands in
    operands.pool.run(parts: geometry.parts) { part in
      for line in geometry.lines(of: part) {
        geometry.forEachSegment(of: line) { windows, from, to, _ in
          kernel(
            windows, operands.input(0, as: T.self) + from, operands.output(as: T.self) + to)
        }
      }
    }
  }
}

private func maximum<T: Comparable & BitwiseCopyable & Sendable>(
  _ geometry: PoolGeometry, _ lowest: T
) -> Execution {
  Execution(kernel: "max pool") { operands in
    operands.pool.run(parts: geometry.parts) { part in
      for line in geometry.lines(of: part) {
        maximum(
          geometry, line, operands.input(0, as: T.self), operands.output(as: T.self), lowest)
      }
    }
  }
}

private func maximum<T: Comparable & BitwiseCopyable>(
  _ geometry: PoolGeometry, _ line: Int, _ from: UnsafePointer<T>, _ to: UnsafeMutablePointer<T>,
  _ lowest: T
) {
  let channels = geometry.channels
  geometry.forEachPixel(of: line) { pixel, window in
    let target = to + pixel * channels
    target.update(repeating: lowest, count: channels)
    geometry.forEachTap(of: window) { tap in
      let source = from + tap * channels
      for c in 0..<channels { target[c] = target[c] < source[c] ? source[c] : target[c] }
    }
  }
}
