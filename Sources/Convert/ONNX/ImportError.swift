public import ModelFormat

/// Why a model could not be imported: the file and what is wrong with it.
public struct ImportError: Error, Hashable {
  /// The file that was being imported.
  public let path: String
  /// What is wrong.
  public let problem: ImportProblem

  /// An error about the file at `path`.
  public init(path: String, problem: ImportProblem) {
    self.path = path
    self.problem = problem
  }
}

/// What is wrong with a model, without the file's name.
public enum ImportProblem: Error, Hashable {
  /// Which of the user's expectations an error is about; commands choose their exit code by it.
  public enum Kind: Sendable {
    /// The file is unreadable or breaks ONNX's rules.
    case invalid
    /// The file may be right, but uses what is not supported.
    case unsupported
    /// The options do not fit the file.
    case usage
  }

  /// Several things that are not supported, none of them `several` itself.
  case several([ImportProblem])

  // The file as a whole.
  case file(FileError)
  case otherFormat(name: String, advice: String)
  case malformed(offset: Int?, String)
  case tooLarge(what: String, bytes: Int, limit: Int)
  case tooManyEntries(Int)
  case irVersion(Int64)
  case opset(Int64)
  case missingOpset

  // Nodes.
  case unsupportedOperators([MissingOperator])
  case modelFunction(function: String, node: String)
  case invalidNode(name: String, op: String, String)
  case unsupportedNode(name: String, op: String, String)
  case undefinedValue(name: String, reader: String)
  case redefinedValue(name: String, first: String, second: String)
  case cycle([String])

  // Tensors.
  case tensorSize(name: String, type: ElementType, shape: Shape, expected: Int, found: Int)
  case unsupportedTensorType(name: String, type: String)
  case invalidTensor(name: String, String)
  case externalData(tensor: String, location: String, String)

  // Inputs and outputs.
  case unknownDimensions([UnknownDimensions])
  case unknownInput(name: String, inputs: [String])
  case inputShape(name: String, String)
  case unsupportedInput(name: String, String)

  /// Which of the user's expectations the problem is about.
  public var kind: Kind {
    switch self {
    case .unsupportedOperators, .modelFunction, .unsupportedNode, .unsupportedTensorType,
      .unsupportedInput, .opset, .irVersion, .tooManyEntries, .several:
      .unsupported
    case .unknownDimensions, .unknownInput, .inputShape: .usage
    default: .invalid
    }
  }
}

extension ImportProblem {
  /// The operators that are not known; empty where they are not the problem.
  public var missingOperators: [MissingOperator] {
    switch self {
    case .unsupportedOperators(let operators): operators
    case .several(let problems): problems.flatMap { $0.missingOperators }
    default: []
    }
  }

  /// Calls `body` with each of `items`, and goes on where something is not supported, so that the user
  /// learns all of it at once.
  ///
  /// - Throws: the one problem, or `several`; what is wrong in another way ends the walk, and counts
  ///   only where nothing went before, since it may come of that.
  static func collect<Item>(
    _ items: [Item], _ body: (Item) throws(ImportProblem) -> Void
  ) throws(ImportProblem) {
    var problems: [ImportProblem] = []
    for item in items {
      do throws(ImportProblem) { try body(item) } catch {
        if error.kind == .unsupported {
          problems.append(error)
        } else if problems.isEmpty {
          throw error
        } else {
          break
        }
      }
    }
    if problems.count == 1 { throw problems[0] }
    if !problems.isEmpty { throw .several(problems) }
  }
}

/// An operator that the importer does not know, with the nodes that use it.
public struct MissingOperator: Hashable, Sendable {
  /// ONNX's name of the operator.
  public let op: String
  /// Its domain; empty for ONNX's own.
  public let domain: String
  /// The version of the domain that the model asks for, where it says so.
  public let opset: Int?
  /// The first version of the domain that has the operator, where the model asks for an older one.
  public let since: Int?
  /// The names of the nodes, in the file's order.
  public let nodes: [String]
}

/// A graph input whose extents are not all known.
public struct UnknownDimensions: Hashable, Sendable {
  /// The input's name.
  public let input: String
  /// Its extents; nil where unknown.
  ///
  /// Nil altogether where even their number is.
  public let dimensions: [Int?]?
}
