public import ModelFormat

/// Why a model could not be written as ONNX.
public enum ExportError: Error {
  /// Operators that have no form in the operator set that was asked for: operator, why, and nodes.
  case operators(path: String, opset: Int, [ExportProblem])
  /// An operator set that cannot be written.
  case opset(Int)
  /// A file of more than two gigabytes, the limit of ONNX's format.
  case tooLarge(path: String, bytes: Int)
  /// The output cannot be written.
  case file(FileError)
  /// Output and source are the same file.
  case wouldReplaceSource(String)
}

/// What ONNX cannot say of some nodes.
public struct ExportProblem: Sendable, Hashable {
  /// The operator.
  public let op: String
  /// What is wrong, in words.
  public let reason: String
  /// The names of the nodes.
  public var nodes: [String]
  /// The first operator set that has the form, where a newer one does.
  public let opset: Int?
}

extension ExportError: CustomStringConvertible {
  /// One line: what is wrong, and the way out.
  public var description: String {
    switch self {
    case .operators(let path, let opset, let problems):
      let lines = problems.map { problem in
        let more = problem.nodes.count > 1 ? " and \(problem.nodes.count - 1) more" : ""
        return "\(problem.op) \(problem.reason) ('\(problem.nodes.first ?? "")'\(more))"
      }
      let needed = problems.compactMap(\.opset).max()
      let isEnough = problems.allSatisfy { $0.opset != nil }
      return "\(path): cannot be written in opset \(opset): " + lines.joined(separator: "; ")
        + (needed.map { isEnough ? "; say --opset \($0)" : "" } ?? "")
    case .opset(let opset):
      return "opset \(opset) cannot be written; those from \(ONNXExporter.opsets.lowerBound) to "
        + "\(ONNXExporter.opsets.upperBound) can"
    case .tooLarge(let path, let bytes):
      return "\(path): would take \(bytes) bytes; an ONNX file holds at most 2147483647"
    case .file(let error): return error.description
    case .wouldReplaceSource(let path):
      return "\(path): is the source; say another file with -o"
    }
  }
}
