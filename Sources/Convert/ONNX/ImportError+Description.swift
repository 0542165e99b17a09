import ModelFormat

extension ImportError: CustomStringConvertible {
  /// One line: the file, what is wrong, and the way out where there is one.
  public var description: String {
    if case .file(let error) = problem { return error.description }
    return "\(path): \(problem)"
  }
}

extension ImportProblem: CustomStringConvertible {
  /// What is wrong, and the way out where there is one.
  public var description: String {
    switch self {
    case .several(let problems):
      "\(problems.count) things are not supported: "
        + Self.list(problems.map { "\($0)" }, limit: 20, separator: "; ")
    case .file(let error): error.description
    case .otherFormat(let name, let advice): "is no ONNX model but \(name); \(advice)"
    case .malformed(nil, let what): "is damaged or no ONNX model: \(what)"
    case .malformed(let offset?, let what):
      "is damaged or no ONNX model: at byte \(offset): \(what)"
    case .tooLarge(let what, let bytes, let limit):
      "\(what) needs at least \(bytes) bytes, more than the \(limit) allowed for a file of this size"
    case .tooManyEntries(let count):
      "has \(count) nodes or values; at most \(Limits.entries) are supported"
    case .irVersion(let version):
      "has IR version \(version), which is not supported (3 and later are); "
        + "convert it with onnx.version_converter or export it anew"
    case .opset(let version):
      "has opset \(version), which is not supported (\(ONNXImporter.opsets.lowerBound) to "
        + "\(ONNXImporter.opsets.upperBound) are); export it with one of those"
    case .missingOpset: "does not say which opset it uses (opset_import is empty)"
    case .unsupportedOperators(let missing): Self.describe(missing)
    case .modelFunction(let function, let node):
      "node '\(node)' calls the model-local function '\(function)', which is not supported; "
        + "inline functions first (onnx.inliner.inline_local_functions)"
    case .invalidNode(let name, let op, let what): "node '\(name)' (\(op)): \(what)"
    case .unsupportedNode(let name, let op, let what): "node '\(name)' (\(op)): \(what)"
    case .undefinedValue(let name, let reader):
      "\(reader) reads '\(name)', which no input, initializer or node defines"
    case .redefinedValue(let name, let first, let second):
      "'\(name)' is defined twice: by \(first) and by \(second)"
    case .cycle(let nodes):
      "these nodes wait for each other: "
        + nodes.prefix(8).map { "'\($0)'" }.joined(separator: " -> ")
        + (nodes.count > 8 ? " -> \(nodes.count - 8) more" : "") + " -> '\(nodes.first ?? "")'"
    case .tensorSize(let name, let type, let shape, let expected, let found):
      "tensor '\(name)' (\(type.name) \(shape)) needs \(expected) bytes but has \(found)"
    case .unsupportedTensorType(let name, let type):
      "tensor '\(name)' has type \(type), which is not supported "
        + "(\(ElementType.supportedNames) are)"
    case .invalidTensor(let name, let what): "tensor '\(name)': \(what)"
    case .externalData(let tensor, let location, let what):
      "tensor '\(tensor)': external data '\(location)' \(what)"
    case .unknownDimensions(let inputs): Self.describe(inputs)
    case .unknownInput(let name, let inputs):
      "--input-shape names '\(name)', but the inputs are "
        + inputs.map { "'\($0)'" }.joined(separator: ", ")
    case .inputShape(let name, let what): "input '\(name)': \(what)"
    case .unsupportedInput(let name, let what): "input '\(name)' \(what)"
    }
  }

  /// Every missing operator with its first nodes.
  private static func describe(_ missing: [MissingOperator]) -> String {
    let operators = missing.map { entry in
      let nodes = list(entry.nodes.map { "'\($0)'" }, limit: 5, separator: ", ")
      var version = entry.opset.map { "opset \($0)" } ?? "no opset given"
      if let since = entry.since { version += ", but the operator exists since \(since)" }
      let count = entry.nodes.count == 1 ? "node" : "\(entry.nodes.count) nodes:"
      return "\(entry.domain.isEmpty ? "" : entry.domain + ".")\(entry.op) (\(version); "
        + "\(count) \(nodes))"
    }
    return "\(missing.count) operator\(missing.count == 1 ? " is" : "s are") not supported: "
      + list(operators, limit: 50, separator: "; ") + " (`pare ops` lists those that are)"
  }

  /// The first `limit` of `items`, and how many there are besides: a hostile file may have a million.
  private static func list(_ items: [String], limit: Int, separator: String) -> String {
    items.prefix(limit).joined(separator: separator)
      + (items.count > limit ? " and \(items.count - limit) more" : "")
  }

  /// Every input of unknown shape with the option to type.
  private static func describe(_ inputs: [UnknownDimensions]) -> String {
    let names = inputs.map { "'\($0.input)'" }.joined(separator: ", ")
    let options = inputs.map { input in
      let extents = input.dimensions?.map { $0.map(String.init) ?? "?" }.joined(separator: ",")
      return "--input-shape \(input.input):\(extents ?? "?,...")"
    }
    return "the shape of input \(names) is not fixed; give it with "
      + options.joined(separator: " ") + " (a number for each ?)"
  }
}
