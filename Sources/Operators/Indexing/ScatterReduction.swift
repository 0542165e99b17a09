import ModelFormat

/// What happens where an update meets an element.
enum ScatterReduction: String, Sendable {
  case none, add, mul, min, max

  /// The types that can be combined.
  static let types: [ElementType] = [
    .float32, .float64, .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64,
  ]

  /// The reduction that a node asks for.
  init(_ facts: NodeFacts) throws(OperatorError) {
    let name = try facts.string("reduction", default: "none")
    guard let reduction = ScatterReduction(rawValue: name) else {
      throw .attribute(
        name: "reduction", problem: "is '\(name)', but must be none, add, mul, min or max")
    }
    self = reduction
    if reduction != .none {
      try facts.require(try facts.input(0), "data", among: ScatterReduction.types)
    }
  }

  /// Combines `count` elements of `type` at `to` with as many at `from`.
  func apply(
    _ type: ElementType, _ from: UnsafeRawPointer, _ source: Int, _ to: UnsafeMutableRawPointer,
    _ target: Int, count: Int
  ) {
    if self == .none {
      copyElements(from, source, to, target, count: count, size: type.size)
      return
    }
    switch type {
    case .float32: floats(Float.self, from, source, to, target, count)
    case .float64: floats(Double.self, from, source, to, target, count)
    case .int8: integers(Int8.self, from, source, to, target, count)
    case .uint8: integers(UInt8.self, from, source, to, target, count)
    case .int16: integers(Int16.self, from, source, to, target, count)
    case .uint16: integers(UInt16.self, from, source, to, target, count)
    case .int32: integers(Int32.self, from, source, to, target, count)
    case .uint32: integers(UInt32.self, from, source, to, target, count)
    case .uint64: integers(UInt64.self, from, source, to, target, count)
    default: integers(Int64.self, from, source, to, target, count)
    }
  }

  private func floats<T: BinaryFloatingPoint>(
    _: T.Type, _ from: UnsafeRawPointer, _ source: Int, _ to: UnsafeMutableRawPointer,
    _ target: Int, _ count: Int
  ) {
    let a = to.assumingMemoryBound(to: T.self) + target
    let b = from.assumingMemoryBound(to: T.self) + source
    switch self {
    case .none: return
    case .add: for i in 0..<count { a[i] += b[i] }
    case .mul: for i in 0..<count { a[i] *= b[i] }
    case .min: for i in 0..<count { a[i] = b[i] < a[i] ? b[i] : a[i] }
    case .max: for i in 0..<count { a[i] = b[i] > a[i] ? b[i] : a[i] }
    }
  }

  private func integers<T: FixedWidthInteger>(
    _: T.Type, _ from: UnsafeRawPointer, _ source: Int, _ to: UnsafeMutableRawPointer,
    _ target: Int, _ count: Int
  ) {
    let a = to.assumingMemoryBound(to: T.self) + target
    let b = from.assumingMemoryBound(to: T.self) + source
    switch self {
    case .none: return
    case .add: for i in 0..<count { a[i] &+= b[i] }
    case .mul: for i in 0..<count { a[i] &*= b[i] }
    case .min: for i in 0..<count { a[i] = Swift.min(a[i], b[i]) }
    case .max: for i in 0..<count { a[i] = Swift.max(a[i], b[i]) }
    }
  }
}

extension NodeFacts {
  /// Facts for the output of a scatter: the data, with updates of the same type.
  func scattered() throws(OperatorError) -> [ValueFacts] {
    let data = try input(0)
    try require(try input(2), "updates", among: [data.type])
    return [try moved(data, data.shape.dimensions)]
  }
}
