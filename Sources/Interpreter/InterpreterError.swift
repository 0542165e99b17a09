public import ModelFormat
public import Operators

/// Why a graph cannot be planned or run.
public enum InterpreterError: Error, Hashable {
  case unknownOperator(node: String, op: String)
  case unknownShape(value: String, node: String)
  case shapeDisagrees(value: String, node: String, stated: Shape, found: Shape)
  case typeDisagrees(value: String, node: String, stated: ElementType, found: ElementType)
  case node(name: String, op: String, OperatorError)
  case memory(bytes: Int)
  case constants(bytes: Int)
  case work(Int, limit: Int)
  case steps(Int)
  case buffers
  case inputSize(name: String, expected: Int, found: Int)
  case lost
}

extension InterpreterError: CustomStringConvertible {
  /// One line that names the node and says what is wrong.
  public var description: String {
    switch self {
    case .unknownOperator(let node, let op):
      "node '\(node)': operator '\(op)' is not known; `pare ops` lists those that are"
    case .unknownShape(let value, let node):
      "node '\(node)': the shape of '\(value)' is not known"
    case .shapeDisagrees(let value, let node, let stated, let found):
      "node '\(node)': '\(value)' is stated as \(stated), but computes as \(found)"
    case .typeDisagrees(let value, let node, let stated, let found):
      "node '\(node)': '\(value)' is stated as \(stated.name), but computes as \(found.name)"
    case .node(let name, let op, let error): "node '\(name)' (\(op)): \(error)"
    case .memory(let bytes): "the network needs \(bytes) bytes of activations, over the limit"
    case .constants(let bytes):
      "the network needs \(bytes) bytes of constants for its kernels, over the limit"
    case .work(let work, let limit):
      "one run takes \(work) multiply-accumulates or as much, over the limit of \(limit)"
    case .steps(let count):
      "the network has \(count) steps; at most \(ExecutionPlan.maximumSteps) can be planned"
    case .buffers:
      "the network has too many activations; at most \(ExecutionPlan.maximumBuffers) can be planned"
    case .inputSize(let name, let expected, let found):
      "input '\(name)' takes \(expected) bytes, \(found) were given"
    case .lost:
      "the model's file was cut, or could not be read, while it was in use: results are worthless"
    }
  }
}
