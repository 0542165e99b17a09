public import ModelFormat

/// Why a node cannot be understood or run; who catches it adds the node's name.
public enum OperatorError: Error, Hashable {
  case operandCount(found: Int, allowed: ClosedRange<Int>, outputs: Bool)
  case missingInput(Int)
  case unsupportedType(operand: String, found: ElementType, supported: [ElementType])
  case rank(operand: String, found: Int, expected: String)
  case shapeMismatch(String)
  case attribute(name: String, problem: String)
  case needsConstant(operand: String)
  case unsupported(String)
}

extension OperatorError: CustomStringConvertible {
  /// What is wrong, without the node's name.
  public var description: String {
    switch self {
    case .operandCount(let found, let allowed, let outputs):
      "has \(found) \(outputs ? "outputs" : "inputs"), but takes "
        + (allowed.lowerBound == allowed.upperBound
          ? "\(allowed.lowerBound)"
          : allowed.upperBound == Int.max
            ? "\(allowed.lowerBound) or more"
            : "\(allowed.lowerBound) to \(allowed.upperBound)")
    case .missingInput(let index): "input \(index) is missing"
    case .unsupportedType(let operand, let found, let supported):
      "\(operand) has type \(found.name), which is not supported ("
        + supported.map({ $0.name }).joined(separator: ", ") + " are)"
    case .rank(let operand, let found, let expected):
      "\(operand) has \(found) dimensions, but must have \(expected)"
    case .shapeMismatch(let detail): detail
    case .attribute(let name, let problem): "attribute '\(name)' \(problem)"
    case .needsConstant(let operand):
      "\(operand) must be known before the network runs, but it is computed from the input data"
    case .unsupported(let detail): "\(detail)"
    }
  }
}
