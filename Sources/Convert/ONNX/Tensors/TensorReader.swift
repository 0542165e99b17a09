import ModelFormat

/// Makes tensors of what a model file says about them, checking sizes on the way.
struct TensorReader {
  private let source: ModelSource
  private var external: ExternalData
  /// Bytes that may still be allocated.
  private var budget: Int
  private let limit: Int

  /// A reader for tensors of `source`, whose external data lie in `folder`.
  init(source: ModelSource, folder: String?, maxBytes: Int) {
    self.source = source
    external = ExternalData(folder: folder)
    limit = min(maxBytes, 64 << 20 + min(source.count, Int.max / 128) * 64)
    budget = limit
  }

  /// Paths of the external files that were used, relative to the folder, sorted.
  var externalFiles: [String] { external.locations }

  /// The tensor that `message` describes; `name` is for errors.
  mutating func tensor(_ message: ONNXTensor, named name: String) throws(ImportProblem) -> Tensor {
    let shape = try Self.shape(message.dimensions, of: name)
    if let packed = PackedInteger(rawValue: Int64(message.type)) {
      return try integers(message, packed, shape, name)
    }
    guard let type = ElementType(onnx: Int64(message.type)) else {
      throw .unsupportedTensorType(name: name, type: ElementType.onnxName(Int64(message.type)))
    }
    let (expected, overflow) = shape.count.multipliedReportingOverflow(by: type.size)
    guard !overflow else { throw .invalidTensor(name: name, "its size exceeds 64 bits") }
    let bytes: Bytes
    switch message.data {
    case .none: bytes = Bytes([])
    case .raw(let range):
      guard let window = source.bytes(range) else {
        throw .invalidTensor(name: name, "its data lie outside of the file")
      }
      bytes = window
    case .external(let place):
      bytes = try external.bytes(place, count: expected, tensor: name)
    default: bytes = try typed(message.data, type, name)
    }
    guard bytes.count == expected else {
      throw .tensorSize(
        name: name, type: type, shape: shape, expected: expected, found: bytes.count)
    }
    return Tensor(type: type, shape: shape, bytes: bytes)
  }

  /// Integers of few bits, in a byte each.
  private mutating func integers(
    _ message: ONNXTensor, _ packed: PackedInteger, _ shape: Shape, _ name: String
  ) throws(ImportProblem) -> Tensor {
    let expected = packed.byteCount(shape.count)
    let bytes: [UInt8]
    switch message.data {
    case .int32s(let elements): bytes = elements.map { UInt8(truncatingIfNeeded: $0) }
    case .raw(let range):
      guard let window = source.bytes(range) else {
        throw .invalidTensor(name: name, "its data lie outside of the file")
      }
      bytes = window.array
    case .external(let place):
      bytes = try external.bytes(place, count: expected, tensor: name).array
    default: bytes = []
    }
    guard bytes.count == expected else {
      throw .invalidTensor(
        name: name,
        "\(packed) \(shape) needs \(expected) bytes but has \(bytes.count)")
    }
    try reserve((shape.count, false), "tensor '\(name)'")
    return Tensor(
      type: packed.type, shape: shape, bytes: Bytes(packed.expanded(bytes, count: shape.count)))
  }

  /// The dense tensor that a sparse one stands for.
  mutating func tensor(
    _ message: ONNXSparseTensor, named name: String
  ) throws(ImportProblem) -> Tensor {
    let shape = try Self.shape(message.dimensions, of: name)
    let values = try tensor(message.values, named: name)
    let indices = try tensor(message.indices, named: name + " (indices)")
    guard indices.type == .int64, let positions = indices.integers(), values.shape.rank == 1 else {
      throw .invalidTensor(name: name, "its values are no list, or its indices are not int64")
    }
    let count = values.shape.count
    let flat: [Int64]
    if indices.shape == [count] {
      flat = positions
    } else if indices.shape == [count, shape.rank] {
      flat = try Self.linear(positions, shape, name)
    } else {
      throw .invalidTensor(name: name, "has \(count) values but indices of \(indices.shape)")
    }
    let size = values.type.size
    try reserve(shape.count.multipliedReportingOverflow(by: size), "sparse tensor '\(name)'")
    var dense = [UInt8](repeating: 0, count: shape.count * size)
    let stored = values.values.array
    for (index, position) in flat.enumerated() {
      guard position >= 0, position < shape.count else {
        throw .invalidTensor(name: name, "index \(position) is outside of \(shape)")
      }
      let target = Int(position) * size
      for byte in 0..<size { dense[target + byte] = stored[index * size + byte] }
    }
    return Tensor(type: values.type, shape: shape, bytes: Bytes(dense))
  }

  /// Row-major positions of rows of coordinates.
  private static func linear(
    _ coordinates: [Int64], _ shape: Shape, _ name: String
  ) throws(ImportProblem) -> [Int64] {
    guard shape.rank > 0 else { return [] }
    var positions: [Int64] = []
    for row in stride(from: 0, to: coordinates.count, by: shape.rank) {
      var position: Int64 = 0
      for axis in 0..<shape.rank {
        let coordinate = coordinates[row + axis]
        guard coordinate >= 0, coordinate < shape[axis] else {
          throw .invalidTensor(name: name, "index \(coordinate) is outside of \(shape)")
        }
        // At most the element count, which fits.
        position = position * Int64(shape[axis]) + coordinate
      }
      positions.append(position)
    }
    return positions
  }

  /// Extents as a shape that keeps to the limits.
  static func shape(_ extents: [Int64], of name: String) throws(ImportProblem) -> Shape {
    guard extents.count <= Limits.rank else {
      throw .invalidTensor(
        name: name, "has \(extents.count) dimensions; at most \(Limits.rank) are supported")
    }
    let shape = Shape(extents.map { Int($0) })
    guard shape.checkedCount != nil, shape.dimensions.allSatisfy({ $0 <= Limits.extent }) else {
      throw .invalidTensor(name: name, "has impossible extents \(shape)")
    }
    return shape
  }

  /// Takes bytes from the budget.
  private mutating func reserve(
    _ bytes: (partialValue: Int, overflow: Bool), _ what: String
  ) throws(ImportProblem) {
    guard !bytes.overflow, bytes.partialValue <= budget else {
      throw .tooLarge(
        what: what, bytes: bytes.overflow ? Int.max : bytes.partialValue, limit: limit)
    }
    budget -= bytes.partialValue
  }

  /// The bytes of elements from a typed field.
  private mutating func typed(
    _ data: ONNXTensor.Data, _ type: ElementType, _ name: String
  ) throws(ImportProblem) -> Bytes {
    switch (data, type) {
    case (.floats(let elements), .float32): return Bytes(elements: elements)
    case (.doubles(let elements), .float64): return Bytes(elements: elements)
    case (.int64s(let elements), .int64), (.int64s(let elements), .uint64):
      return Bytes(elements: elements)
    case (.uint64s(let elements), .uint64): return Bytes(elements: elements)
    case (.uint64s(let elements), .uint32):
      return Bytes(elements: elements.map { UInt32(truncatingIfNeeded: $0) })
    case (.int32s(let elements), .int32): return Bytes(elements: elements)
    case (.int32s(let elements), .int8), (.int32s(let elements), .uint8):
      return Bytes(elements.map { UInt8(truncatingIfNeeded: $0) })
    case (.int32s(let elements), .bool): return Bytes(elements.map { $0 == 0 ? 0 : 1 })
    case (.int32s(let elements), .int16), (.int32s(let elements), .uint16),
      (.int32s(let elements), .float16), (.int32s(let elements), .bfloat16):
      return Bytes(elements: elements.map { UInt16(truncatingIfNeeded: $0) })
    default:
      throw .invalidTensor(
        name: name, "its data are in a field that does not fit its type \(type.name)")
    }
  }
}
