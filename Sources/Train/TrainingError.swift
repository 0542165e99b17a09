public import Interpreter
public import Operators

/// Why a graph cannot be trained.
public enum TrainingError: Error, Hashable {
  case plan(InterpreterError)
  case noDerivative(node: String, op: String)
  case derivative(node: String, op: String, OperatorError)
  case parameter(value: String, problem: String)
  case notKept(value: String)
  case batch(node: String, detail: String)
  case inputs(value: String, problem: String)
  case memory(bytes: Int)
}

extension TrainingError: CustomStringConvertible {
  /// One line that names the node and says what is wrong.
  public var description: String {
    switch self {
    case .plan(let error): "\(error)"
    case .noDerivative(let node, let op):
      "node '\(node)': operator '\(op)' cannot be differentiated, and trained parameters lie "
        + "before it; freeze what lies before it, or train without this node"
    case .derivative(let node, let op, let error): "node '\(node)' (\(op)): \(error)"
    case .parameter(let value, let problem): "parameter '\(value)' \(problem)"
    case .notKept(let value):
      "value '\(value)' is neither an output nor among those that are kept"
    case .batch(let node, let detail): "node '\(node)' cannot take a batch: \(detail)"
    case .inputs(let value, let problem): "input '\(value)' \(problem)"
    case .memory(let bytes): "a batch needs \(bytes) bytes, over the limit; make it smaller"
    }
  }
}
