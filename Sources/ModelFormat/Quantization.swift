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
