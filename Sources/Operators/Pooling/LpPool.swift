import Kernels
import ModelFormat

extension Operator {
  /// LpPool: the p-norm of each window; padding counts as zero.
  ///
  /// Input: an image of one to three spatial dimensions, float32 or float64. Attributes: those of
  /// `SpatialWindow`, `ceil_mode`, and `p` (default 2).
  static let lpPool = Operator(
    "LpPool", since: 22, inputs: 1...1, layout: .channelsLast,
    infer: { facts throws(OperatorError) in
      [try facts.pooled(try facts.poolWindow().outputs, keepsQuantization: false)]
    },
    scans: { $0.windowScans },
    prepare: { facts throws(OperatorError) in try facts.normPooling(try facts.poolWindow()) })

  /// GlobalLpPool: the p-norm of each channel.
  ///
  /// Input: an image of one to three spatial dimensions, float32 or float64. Attributes: `p` (2).
  static let globalLpPool = Operator(
    "GlobalLpPool", since: 22, inputs: 1...1, layout: .channelsLast,
    infer: { facts throws(OperatorError) in
      [try facts.pooled(try facts.spatialExtents().map { _ in 1 }, keepsQuantization: false)]
    },
    prepare: { facts throws(OperatorError) in
      try facts.normPooling(SpatialWindow(covering: try facts.spatialExtents()))
    })
}

extension NodeFacts {
  /// An execution that takes the p-norm of each window.
  fileprivate func normPooling(_ window: SpatialWindow) throws(OperatorError) -> Execution {
    let data = try input(0)
    try require(data, "input", among: [.float32, .float64])
    let p = try int("p", default: 2)
    guard p >= 1, p <= 1 << 20 else { throw .attribute(name: "p", problem: "is \(p)") }
    if try output().count == 0 { return .nothing }
    let geometry = PoolGeometry(data, window)
    return data.type == .float32 ? norm(geometry, p, Float.self) : norm(geometry, p, Double.self)
  }
}

private func norm<T: RealElement>(_ geometry: PoolGeometry, _ p: Int, _: T.Type) -> Execution {
  Execution(kernel: "lp pool") { operands in
    operands.pool.run(parts: geometry.parts) { part in
      let from = operands.input(0, as: T.self)
      let to = operands.output(as: T.self)
      let channels = geometry.channels
      for line in geometry.lines(of: part) {
        geometry.forEachPixel(of: line) { pixel, window in
          let target = to + pixel * channels
          target.update(repeating: 0, count: channels)
          geometry.forEachTap(of: window) { tap in
            let source = from + tap * channels
            switch p {
            case 1: for c in 0..<channels { target[c] += source[c].magnitude }
            case 2: for c in 0..<channels { target[c] += source[c] * source[c] }
            default:
              for c in 0..<channels { target[c] += T.power(source[c].magnitude, T(p)) }
            }
          }
          switch p {
          case 1: break
          case 2: for c in 0..<channels { target[c] = target[c].squareRoot() }
          default: for c in 0..<channels { target[c] = T.power(target[c], 1 / T(p)) }
          }
        }
      }
    }
  }
}
