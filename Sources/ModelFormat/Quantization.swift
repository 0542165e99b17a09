/// An affine mapping from stored integers to real numbers: `real = scale * (stored - zeroPoint)`.
public struct Quantization: Hashable, Sendable {
  /// One scale, or one for each index along `axis`; finite and above zero.
  public var scales: [Float]
  /// Zero points, one for each scale.
  public var zeroPoints: [Int32]
  /// The dimension that `scales` runs along; nil where one scale serves the whole tensor.
  public var axis: Int?

  /// A mapping with one scale for the whole tensor.
  public init(scale: Float, zeroPoint: Int32 = 0) {
    scales = [scale]
    zeroPoints = [zeroPoint]
    axis = nil
  }

  /// A mapping with a scale for each index along `axis`; symmetric unless zero points are given.
  public init(scales: [Float], zeroPoints: [Int32]? = nil, axis: Int) {
    self.scales = scales
    self.zeroPoints = zeroPoints ?? [Int32](repeating: 0, count: scales.count)
    self.axis = axis
  }

  /// Whether every zero point is zero, so that a stored zero is a real zero.
  public var isSymmetric: Bool { zeroPoints.allSatisfy { $0 == 0 } }
}

extension Quantization {
  /// The scales as parts of the largest in half precision, where that loses nothing; nil elsewhere.
  ///
  /// Two bytes for each channel instead of four. Quantizers choose scales for which this holds.
  var halfRatios: (largest: Float, ratios: [UInt16])? {
    guard axis != nil, scales.count > 2, isSymmetric, let largest = scales.max() else { return nil }
    var ratios: [UInt16] = []
    ratios.reserveCapacity(scales.count)
    for scale in scales {
      let bits = (scale / largest).halfBits
      guard largest * Float(halfBits: bits) == scale else { return nil }
      ratios.append(bits)
    }
    return (largest, ratios)
  }

  /// The scales, each rounded up to the next that `halfRatios` can hold; so nothing is clipped.
  public static func roundedUpToHalfRatios(_ scales: [Float]) -> [Float] {
    guard let largest = scales.max(), largest.isNormal else { return scales }
    return scales.map { scale in
      var bits = (scale / largest).halfBits
      while bits < 0x3C00, largest * Float(halfBits: bits) < scale { bits += 1 }
      let rounded = largest * Float(halfBits: bits)
      return rounded.isNormal ? rounded : scale
    }
  }
}
