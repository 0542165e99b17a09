public import ModelFormat

/// Reading operands and attributes with the errors that a user should see.
extension NodeFacts {
  /// The facts of input `index`.
  public func input(_ index: Int) throws(OperatorError) -> ValueFacts {
    guard let facts = optionalInput(index) else { throw .missingInput(index) }
    return facts
  }

  /// The facts of input `index`, or nil where it is left out.
  public func optionalInput(_ index: Int) -> ValueFacts? {
    index < inputs.count ? inputs[index] : nil
  }

  /// The integers of a constant input, or nil where the input is left out.
  ///
  /// Axes, extents and parts are never more than `limit`, and every node that reads them goes through
  /// them: many could read one large constant.
  public func constantIntegers(
    _ index: Int, _ operand: String, limit: Int = Limits.operands
  ) throws(OperatorError) -> [Int]? {
    guard let facts = optionalInput(index) else { return nil }
    guard let constant = facts.constant else { throw .needsConstant(operand: operand) }
    guard constant.shape.count <= limit else {
      throw .shapeMismatch(
        "\(operand) has \(constant.shape.count) elements; at most \(limit) are supported")
    }
    guard let integers = constant.integers() else {
      throw .unsupportedType(operand: operand, found: constant.type, supported: [.int64, .int32])
    }
    return integers.map { Int($0) }
  }

  /// The real numbers of a constant input, or nil where the input is left out.
  public func constantFloats(_ index: Int, _ operand: String) throws(OperatorError) -> [Float]? {
    guard let facts = optionalInput(index) else { return nil }
    guard let constant = facts.constant else { throw .needsConstant(operand: operand) }
    return constant.floats()
  }

  /// An integer attribute.
  public func int(_ name: String, default value: Int) throws(OperatorError) -> Int {
    switch node.attributes[name] {
    case nil: return value
    case .int(let value): return Int(value)
    default: throw .attribute(name: name, problem: "must be an integer")
    }
  }

  /// A floating-point attribute.
  public func float(_ name: String, default value: Float) throws(OperatorError) -> Float {
    switch node.attributes[name] {
    case nil: return value
    case .float(let value): return value
    case .int(let value): return Float(value)
    default: throw .attribute(name: name, problem: "must be a number")
    }
  }

  /// A string attribute.
  public func string(_ name: String, default value: String) throws(OperatorError) -> String {
    switch node.attributes[name] {
    case nil: return value
    case .string(let value): return value
    default: throw .attribute(name: name, problem: "must be a string")
    }
  }

  /// A list of integers, or nil where the attribute is left out.
  public func ints(_ name: String) throws(OperatorError) -> [Int]? {
    switch node.attributes[name] {
    case nil: return nil
    case .ints(let values): return values.map { Int($0) }
    default: throw .attribute(name: name, problem: "must be a list of integers")
    }
  }

  /// A list of numbers, or nil where the attribute is left out.
  public func floats(_ name: String) throws(OperatorError) -> [Float]? {
    switch node.attributes[name] {
    case nil: return nil
    case .floats(let values): return values
    case .ints(let values): return values.map { Float($0) }
    default: throw .attribute(name: name, problem: "must be a list of numbers")
    }
  }

  /// A list of strings, or nil where the attribute is left out.
  public func strings(_ name: String) throws(OperatorError) -> [String]? {
    switch node.attributes[name] {
    case nil: return nil
    case .strings(let values): return values
    default: throw .attribute(name: name, problem: "must be a list of strings")
    }
  }

  /// `axis` counted from the front, for a tensor of `rank` dimensions.
  public func axis(_ axis: Int, rank: Int) throws(OperatorError) -> Int {
    let index = axis < 0 ? axis &+ rank : axis
    guard index >= 0, index < rank else {
      throw .attribute(name: "axis", problem: "is \(axis), outside of \(rank) dimensions")
    }
    return index
  }

  /// Refuses operand `operand` unless its type is among `supported`.
  public func require(
    _ facts: ValueFacts, _ operand: String, among supported: [ElementType]
  ) throws(OperatorError) {
    guard supported.contains(facts.type) else {
      throw .unsupportedType(operand: operand, found: facts.type, supported: supported)
    }
  }
}
