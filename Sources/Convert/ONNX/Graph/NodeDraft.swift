import ModelFormat

/// A node on its way from the file into the graph; rules bring it to the newest form.
struct NodeDraft {
  /// The unique name.
  let name: String
  /// The operator as the file has it, for errors: with its domain, or with the opset of ONNX's own.
  let origin: String
  /// ONNX's name of the operator, without domain.
  var op: String
  var inputs: [ValueID?]
  var outputs: [ValueID?]
  var attributes: [String: ONNXAttribute]
  /// What control flow runs.
  var bodies: [Graph] = []
  /// Whether the node has become a constant, so that nothing is left to run.
  var isFolded = false

  /// Input `index`, or nil where it is left out.
  func input(_ index: Int) -> ValueID? { index < inputs.count ? inputs[index] : nil }

  /// Sets input `index`; inputs before it that are not there are left out.
  mutating func setInput(_ index: Int, _ value: ValueID?) {
    while inputs.count <= index { inputs.append(nil) }
    inputs[index] = value
  }

  /// The error that the node breaks ONNX's rules.
  func invalid(_ what: String) -> ImportProblem { .invalidNode(name: name, op: origin, what) }

  /// The error that the node uses what is not supported.
  func unsupported(_ what: String) -> ImportProblem {
    .unsupportedNode(name: name, op: origin, what)
  }

  /// An integer attribute, or nil where it is left out.
  func int(_ key: String) throws(ImportProblem) -> Int64? {
    switch attributes[key] {
    case nil: return nil
    case .int(let value): return value
    default: throw invalid("attribute '\(key)' must be an integer")
    }
  }

  /// A floating-point attribute, or nil where it is left out.
  func float(_ key: String) throws(ImportProblem) -> Float? {
    switch attributes[key] {
    case nil: return nil
    case .float(let value): return value
    default: throw invalid("attribute '\(key)' must be a number")
    }
  }

  /// A string attribute, or nil where it is left out.
  func string(_ key: String) throws(ImportProblem) -> String? {
    switch attributes[key] {
    case nil: return nil
    case .string(let value): return value
    default: throw invalid("attribute '\(key)' must be a string")
    }
  }

  /// A list of integers, or nil where it is left out.
  func ints(_ key: String) throws(ImportProblem) -> [Int64]? {
    switch attributes[key] {
    case nil: return nil
    case .ints(let values): return values
    default: throw invalid("attribute '\(key)' must be a list of integers")
    }
  }

  /// A list of numbers, or nil where it is left out.
  func floats(_ key: String) throws(ImportProblem) -> [Float]? {
    switch attributes[key] {
    case nil: return nil
    case .floats(let values): return values
    default: throw invalid("attribute '\(key)' must be a list of numbers")
    }
  }

  /// The attributes as operators read them.
  func plainAttributes() throws(ImportProblem) -> [String: Attribute] {
    var plain: [String: Attribute] = [:]
    for (key, value) in attributes {
      switch value {
      case .int(let value): plain[key] = .int(value)
      case .float(let value): plain[key] = .float(value)
      case .string(let value): plain[key] = .string(value)
      case .ints(let values): plain[key] = .ints(values)
      case .floats(let values): plain[key] = .floats(values)
      case .strings(let values): plain[key] = .strings(values)
      case .tensor, .sparseTensor: throw unsupported("attribute '\(key)' is a tensor")
      case .graphs: throw unsupported("attribute '\(key)' is a graph")
      case .reference(let name):
        throw invalid("attribute '\(key)' refers to '\(name)' of a function, but is in none")
      case .other(let type): throw unsupported("attribute '\(key)' has type \(type)")
      }
    }
    return plain
  }
}
