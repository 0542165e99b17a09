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
    case .float32: return average(geometry)
    case .float64: return averageDoubles(geometry)
    default:
      return try quantizedAverage(geometry, try data.affine("the input"), try outputAffine())
    }
  }
}

private func average(_ geometry: PoolGeometry) -> Execution {
  let kernel = PoolKernel.best
  return Execution(kernel: kernel.names.float) { operands in
    operands.pool.run(parts: geometry.parts) { part in
      let x = operands.input(0, as: Float.self)
      let y = operands.output(as: Float.self)
      for line in geometry.lines(of: part) {
        geometry.forEachSegment(of: line) { windows, from, to, divisor in
          kernel.average(windows, x + from, to: y + to, divisor: Float(max(1, divisor)))
        }
      }
    }
  }
}

private func averageDoubles(_ geometry: PoolGeometry) -> Execution {
  let channels = geometry.channels
  return Execution(kernel: "average pool") { operands in
    operands.pool.run(parts: geometry.parts) { part in
      for line in geometry.lines(of: part) {
        geometry.forEachPixel(of: line) { pixel, window in
          let target = operands.output(as: Double.self) + pixel * channels
          target.update(repeating: 0, count: channels)
          geometry.forEachTap(of: window) { tap in
            let source = operands.input(0, as: Double.self) + tap * channels
            for c in 0..<channels { target[c] += source[c] }
          }
          let divisor = Double(max(1, window.divisor))
          for c in 0..<channels { target[c] /= divisor }
        }
      }
    }
  }
}

/// An average of uint8: an exact integer sum, then one float32 factor, as `ByteRounding` says.
private func quantizedAverage(
  _ geometry: PoolGeometry, _ from: Affine, _ to: Affine
) throws(OperatorError) -> Execution {
  var taps = 1
  for places in geometry.places {
    taps = taps &* (places.map { max($0.taps, min($0.divisor, 1 << 23)) }.max() ?? 1)
    guard taps <= 1 << 23 else {
      throw .unsupported("averages of uint8 over more than \(1 << 23) elements are not supported")
    }
  }
  let kernel = PoolKernel.best
  let ratio = from.scale / to.scale
  return Execution(kernel: kernel.names.byte) { operands in
    operands.pool.run(parts: geometry.parts) { part in
      let x = operands.input(0, as: UInt8.self)
      let y = operands.output(as: UInt8.self)
      for line in geometry.lines(of: part) {
        geometry.forEachSegment(of: line) { windows, first, target, divisor in
          kernel.average(
            windows, x + first, to: y + target,
            start: 0 &- Int32(truncatingIfNeeded: windows.taps &* from.zero),
            factor: Rescaling.factor(ratio, over: Double(max(1, divisor))),
            zero: to.stored.zeroPoint)
        }
      }
    }
  }
}
