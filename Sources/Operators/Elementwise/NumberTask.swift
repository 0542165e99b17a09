import ModelFormat

/// Work that is written once for numbers of any type.
///
/// A protocol, since a closure cannot be generic.
protocol NumberTask {
  associatedtype Result
  /// Does the work for elements of type `T`.
  func callAsFunction<T: ReducibleElement>(_: T.Type) throws(OperatorError) -> Result
}

/// Work that is written once for integers of any type.
protocol IntegerTask {
  associatedtype Result
  /// Does the work for elements of type `T`.
  func callAsFunction<T: ReducibleElement & FixedWidthInteger>(
    _: T.Type
  ) throws(OperatorError) -> Result
}

extension ValueFacts {
  /// The result of `task` for the type of the elements, which must be numbers; `operand` is for errors.
  func perform<Task: NumberTask>(
    _ task: Task, _ operand: String = "input"
  ) throws(OperatorError) -> Task.Result {
    switch type {
    case .float32: return try task(Float.self)
    case .float64: return try task(Double.self)
    case .int64: return try task(Int64.self)
    case .int32: return try task(Int32.self)
    case .int16: return try task(Int16.self)
    case .int8: return try task(Int8.self)
    case .uint64: return try task(UInt64.self)
    case .uint32: return try task(UInt32.self)
    case .uint16: return try task(UInt16.self)
    case .uint8: return try task(UInt8.self)
    case .bool, .float16, .bfloat16:
      throw .unsupportedType(
        operand: operand, found: type, supported: [.float32, .float64] + ElementType.integers)
    }
  }

  /// The result of `task` for the type of the elements, which must be integers; `operand` is for
  /// errors.
  func perform<Task: IntegerTask>(
    integers task: Task, _ operand: String = "input"
  ) throws(OperatorError) -> Task.Result {
    switch type {
    case .int64: return try task(Int64.self)
    case .int32: return try task(Int32.self)
    case .int16: return try task(Int16.self)
    case .int8: return try task(Int8.self)
    case .uint64: return try task(UInt64.self)
    case .uint32: return try task(UInt32.self)
    case .uint16: return try task(UInt16.self)
    case .uint8: return try task(UInt8.self)
    case .float32, .float64, .bool, .float16, .bfloat16:
      throw .unsupportedType(operand: operand, found: type, supported: ElementType.integers)
    }
  }
}

extension ElementType {
  /// The types of integers, bool not among them.
  static let integers: [ElementType] = [
    .int64, .int32, .int16, .int8, .uint64, .uint32, .uint16, .uint8,
  ]
}
