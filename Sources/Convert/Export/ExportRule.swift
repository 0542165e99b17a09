import ModelFormat

/// How a node becomes nodes of ONNX.
struct ExportRule: Sendable {
  /// Adds the nodes for a draft to the scope.
  let apply: @Sendable (ExportDraft, inout ExportScope) throws(ExportRefusal) -> Void

  /// The node as it is.
  static let same = ExportRule { draft, scope throws(ExportRefusal) in scope.add(draft) }

  /// The node as it is, without attributes that only Pare has.
  static func without(_ attributes: String...) -> ExportRule {
    ExportRule { draft, scope throws(ExportRefusal) in
      var draft = draft
      for name in attributes { draft.attributes[name] = nil }
      scope.add(draft)
    }
  }
}

/// Why a node has no form in the operator set.
enum ExportRefusal: Error {
  /// A newer operator set has it.
  case needs(opset: Int, String = "")
  /// No operator set has it.
  case unsupported(String)
}

/// A node whose operands are named as float operators see them.
struct ExportDraft {
  let node: Node
  /// Names of values in ONNX; nil where an optional one is left out.
  var inputs: [String?]
  var outputs: [String]
  var attributes: [String: Attribute]
  var op: String
  var domain = ""

  /// An attribute that is an integer.
  func int(_ name: String) -> Int? {
    if case .int(let value)? = attributes[name] { return Int(clamping: value) }
    return nil
  }

  /// An attribute that is a real number.
  func float(_ name: String) -> Float? {
    if case .float(let value)? = attributes[name] { return value }
    return nil
  }

  /// An attribute that is a string.
  func string(_ name: String) -> String? {
    if case .string(let value)? = attributes[name] { return value }
    return nil
  }

  /// The name of input `index`, or nil where it is left out.
  func input(_ index: Int) -> String? { index < inputs.count ? inputs[index] : nil }

  /// The value behind input `index`.
  func value(_ index: Int) -> ValueID? { index < node.inputs.count ? node.inputs[index] : nil }
}
