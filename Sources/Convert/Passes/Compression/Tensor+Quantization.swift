import ModelFormat

extension Tensor {
  /// Symmetric int8 weights with a scale for each output channel: the largest becomes ±127.
  ///
  /// Zeros stay zero. Nil where an element is not finite.
  func quantizedRows(axis: Int = 0) -> Tensor? {
    if type == .int8, let quantization, quantization.isSymmetric, quantization.axis == axis {
      return self
    }
    let elements = floats()
    let extent = shape[axis]
    let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
    let outer = shape.dimensions[..<axis].reduce(1, *)
    var scales = [Float](repeating: 0, count: extent)
    var stored = [Int8](repeating: 0, count: elements.count)
    for channel in 0..<extent {
      for block in 0..<outer {
        let start = (block * extent + channel) * inner
        for index in start..<(start + inner) {
          guard elements[index].isFinite else { return nil }
          scales[channel] = max(scales[channel], abs(elements[index]))
        }
      }
      scales[channel] /= 127
    }
    // A channel of zeros takes the largest scale: any serves.
    guard let widest = scales.max() else { return nil }
    let fallback: Float = widest.isNormal ? widest : 1
    scales = Quantization.roundedUpToHalfRatios(scales.map { $0.isNormal ? $0 : fallback })
    for channel in 0..<extent {
      let scale = scales[channel]
      for block in 0..<outer {
        let start = (block * extent + channel) * inner
        for index in start..<(start + inner) {
          let level = (elements[index] / scale).rounded(.toNearestOrEven)
          stored[index] = Int8(min(max(level, -127), 127))
        }
      }
    }
    return Tensor(
      type: .int8, shape: shape, bytes: Bytes(elements: stored),
      quantization: Quantization(scales: scales, axis: axis))
  }

  /// The elements rounded to half precision, or nil where one is too large for it.
  func halved() -> Tensor? {
    guard type == .float32 else { return type == .float16 ? self : nil }
    let bits = floats().map(\.halfBits)
    guard bits.allSatisfy({ $0 & 0x7C00 != 0x7C00 }) else { return nil }
    return Tensor(type: .float16, shape: shape, bytes: Bytes(elements: bits))
  }
}

extension Tensor {
  /// The elements rounded to bfloat16, half to even; nil where one is rounded to infinity.
  func shortened() -> Tensor? {
    guard type == .float32 else { return type == .bfloat16 ? self : nil }
    var bits: [UInt16] = []
    bits.reserveCapacity(shape.count)
    for element in floats() {
      let pattern = element.bitPattern
      let rounded = pattern &+ 0x7FFF &+ (pattern >> 16 & 1)
      guard element.isFinite, rounded >> 23 & 0xFF != 0xFF else { return nil }
      bits.append(UInt16(rounded >> 16))
    }
    return Tensor(type: .bfloat16, shape: shape, bytes: Bytes(elements: bits))
  }
}

extension Tensor {
  /// Symmetric weights with a scale for each output channel, each weight at the level of `grid` that is
  /// nearest.
  ///
  /// Zeros stay zero. Nil where an element is not finite.
  func roundedRows(axis: Int, grid: WeightGrid) -> Tensor? {
    if type == .int8, let quantization, quantization.isSymmetric, quantization.axis == axis {
      return self
    }
    let elements = floats()
    guard elements.allSatisfy(\.isFinite), !elements.isEmpty else { return nil }
    let extent = shape[axis]
    let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
    let n = elements.count / extent
    // Rows of channels, as the grid is chosen for them.
    func place(_ row: Int, _ k: Int) -> Int { (k / inner * extent + row) * inner + k % inner }
    var rows: [Double] = []
    rows.reserveCapacity(elements.count)
    for row in 0..<extent { for k in 0..<n { rows.append(Double(elements[place(row, k)])) } }
    let levels = WeightLevels(rows, rows: extent, grid: grid, holdsZero: rows.contains(0))
    var stored = [Int8](repeating: 0, count: elements.count)
    for row in 0..<extent {
      for k in 0..<n where rows[row * n + k] != 0 {
        stored[place(row, k)] = levels.level(rows[row * n + k], row: row)
      }
    }
    return Tensor(
      type: .int8, shape: shape, bytes: Bytes(elements: stored),
      quantization: Quantization(scales: levels.scales, axis: axis))
  }
}
