import ModelFormat

extension Tensor {
  /// These quantized weights as integer kernels multiply them: int8, symmetric, scaled as a whole or by
  /// row of the first dimension; and whether that is exact.
  ///
  /// Weights with a zero point stand for `s · (q − z)`, where `q − z` may need nine bits. A row whose
  /// differences fit eight keeps them, and its scale; any other row is rounded to a wider scale, that
  /// with the lowest squared error among some that clip its largest weights or do not.
  ///
  /// Nil where the tensor is not quantized with eight bits.
  func symmetricRows() -> (tensor: Tensor, isExact: Bool)? {
    guard type == .int8 || type == .uint8, let quantization, shape.rank > 0 else { return nil }
    if type == .int8, quantization.isSymmetric,
      quantization.axis == nil || quantization.axis == 0
    {
      return (self, true)
    }
    if let axis = quantization.axis, axis != 0 { return nil }
    let rows = shape[0]
    guard rows > 0 else { return nil }
    let columns = shape.count / rows
    let stored = integers() ?? []
    var elements = [Int8](repeating: 0, count: stored.count)
    var scales = [Float](repeating: 0, count: rows)
    var isExact = true
    for row in 0..<rows {
      let channel = quantization.axis == nil ? 0 : row
      let zero = Int64(quantization.zeroPoints[channel])
      let range = (row * columns)..<((row + 1) * columns)
      let differences = stored[range].map { Int32(truncatingIfNeeded: $0 - zero) }
      let (factor, fits) = SymmetricRow.factor(differences)
      scales[row] = quantization.scales[channel] * factor
      isExact = isExact && fits
      for (index, difference) in zip(range, differences) {
        elements[index] = SymmetricRow.level(difference, factor)
      }
    }
    guard scales.allSatisfy({ $0.isNormal && $0 > 0 }) else { return nil }
    let isUniform = scales.allSatisfy { $0 == scales[0] }
    return (
      Tensor(
        type: .int8, shape: shape, bytes: Bytes(elements: elements),
        quantization: isUniform
          ? Quantization(scale: scales[0]) : Quantization(scales: scales, axis: 0)),
      isExact
    )
  }
}

/// A row of integers of nine bits that is to be held in eight.
private enum SymmetricRow {
  /// How much wider a step is to be, and whether nothing is lost.
  static func factor(_ row: [Int32]) -> (Float, isExact: Bool) {
    guard let least = row.min(), let most = row.max(), least < -128 || most > 127 else {
      return (1, true)
    }
    let widest = Float(max(-least, most)) / 127
    var best = (factor: widest, error: Double.infinity)
    // A step of 1 is exact for all that is not clipped.
    for factor in [1] + (0...16).map({ widest * (1 - Float($0) / 32) }) where factor >= 1 {
      var error = 0.0
      for weight in row {
        let difference = Double(weight) - Double(level(weight, factor)) * Double(factor)
        error += difference * difference
      }
      if error < best.error { best = (factor, error) }
    }
    return (best.factor, false)
  }

  static func level(_ weight: Int32, _ factor: Float) -> Int8 {
    let level = (Float(weight) / factor).rounded(.toNearestOrEven)
    return Int8(min(max(level, -128), 127))
  }
}
