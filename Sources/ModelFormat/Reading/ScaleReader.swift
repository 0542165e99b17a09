/// Verifies the scales and zero points behind the elements of a tensor.
struct ScaleReader {
  let flags: UInt8
  let axis: Int
  let type: ElementType
  let shape: Shape
  let offset: Int
  /// The name of the tensor.
  let name: String

  /// What errors are about.
  private var subject: String { "tensor '\(name)'" }

  /// The quantization that the stream holds, or nil where the tensor has none.
  func read(_ stream: UnsafeRawBufferPointer) throws(ModelError) -> Quantization? {
    let isPerAxis = flags & V1.QuantizationFlag.perAxis != 0
    let hasZeroPoints = flags & V1.QuantizationFlag.zeroPoints != 0
    let areRatios = flags & V1.QuantizationFlag.halfRatios != 0
    guard flags <= V1.QuantizationFlag.all, isPerAxis || axis == 0,
      !areRatios || isPerAxis && !hasZeroPoints
    else {
      throw ModelError(.tensorRecord, at: offset, subject, "quantization flags \(flags)")
    }
    guard flags & V1.QuantizationFlag.present != 0 else {
      guard flags == 0, stream.isEmpty else {
        throw ModelError(.tensorRecord, at: offset, subject, "scales without quantization")
      }
      return nil
    }
    guard Self.zeroPoints(of: type) != nil, !isPerAxis || axis < shape.rank else {
      throw ModelError(.tensorRecord, at: offset, subject, "quantized \(type.name)")
    }
    let count = isPerAxis ? shape[axis] : 1
    guard stream.count == (areRatios ? 4 + count * 2 : count * (hasZeroPoints ? 8 : 4)) else {
      throw ModelError(.tensorRecord, at: offset, subject, "\(stream.count) bytes of scales")
    }
    var reader = ByteReader(stream.bytes, base: offset)
    var scales: [Float] = []
    scales.reserveCapacity(count)
    let largest = areRatios ? Float(bitPattern: try reader.next(UInt32.self, else: .scale)) : 0
    for _ in 0..<count {
      let scale =
        areRatios
        ? largest * Float(halfBits: try reader.next(UInt16.self, else: .scale))
        : Float(bitPattern: try reader.next(UInt32.self, else: .scale))
      try Self.require(scale: scale, at: reader.offset - (areRatios ? 2 : 4), "tensor", name)
      scales.append(scale)
    }
    var zeroPoints: [Int32]?
    if hasZeroPoints {
      var read: [Int32] = []
      for _ in 0..<count {
        let zero = try reader.next(Int32.self, else: .zeroPoint)
        try Self.require(zeroPoint: zero, of: type, at: reader.offset - 4, "tensor", name)
        read.append(zero)
      }
      guard read.contains(where: { $0 != 0 }) else {
        throw ModelError(.zeroPoint, at: offset, subject, "all zero, but stored")
      }
      zeroPoints = read
    }
    guard isPerAxis else {
      return Quantization(scale: scales[0], zeroPoint: zeroPoints?[0] ?? 0)
    }
    return Quantization(scales: scales, zeroPoints: zeroPoints, axis: axis)
  }

  /// Refuses a scale that is not a positive normal number.
  static func require(
    scale: Float, at offset: Int, _ kind: String, _ name: String
  ) throws(ModelError) {
    guard scale.isNormal, scale > 0 else {
      throw ModelError(.scale, at: offset, "\(kind) '\(name)'", "\(scale)")
    }
  }

  /// Refuses a zero point that the stored type cannot hold.
  static func require(
    zeroPoint: Int32, of type: ElementType, at offset: Int, _ kind: String, _ name: String
  ) throws(ModelError) {
    guard let range = zeroPoints(of: type), range.contains(zeroPoint) else {
      throw ModelError(.zeroPoint, at: offset, "\(kind) '\(name)'", "\(zeroPoint) for \(type.name)")
    }
  }

  /// The zero points that a stored type can have; nil for types that are never quantized.
  private static func zeroPoints(of type: ElementType) -> ClosedRange<Int32>? {
    switch type {
    case .uint8: 0...255
    case .int8: -128...127
    case .uint16: 0...65535
    case .int16: -32768...32767
    case .int32: Int32.min...Int32.max
    default: nil
    }
  }
}
