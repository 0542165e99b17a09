import ModelFormat

extension ExportScope {
  /// If, Loop and Scan: what a body reads from around it is read by name again.
  mutating func controlFlow(
    _ node: Node, _ problems: inout ExportProblems
  ) throws(ExportRefusal) {
    let names: [String]
    switch node.op {
    case "If": names = ["then_branch", "else_branch"]
    case "Loop", "Scan": names = ["body"]
    default: throw .unsupported("has no form in ONNX")
    }
    guard names.count == node.bodies.count else { throw .unsupported("has other bodies than ONNX") }
    let own = ownInputs(node)
    guard own >= 0, own <= node.inputs.count else { throw .unsupported("lacks inputs") }
    var captured: [String] = []
    for id in node.inputs.dropFirst(own) { captured.append(id.map { real($0) } ?? "") }
    var attributes: [String: ONNXExportAttribute] = [:]
    for (name, value) in node.attributes where name != "carried" {
      attributes[name] = .plain(value)
    }
    for (name, body) in zip(names, node.bodies) {
      let formal = body.inputs.count - captured.count
      guard formal >= 0 else { throw .unsupported("has a body that lacks inputs") }
      var known: [ValueID: String] = [:]
      for (id, outer) in zip(body.inputs.dropFirst(formal), captured) { known[id] = outer }
      var scope = ExportScope(body, opset: opset, names: self.names, captured: known)
      scope.translate(&problems)
      scope.declareBody(inputs: Array(body.inputs.prefix(formal)), outputs: body.outputs)
      self.names = scope.names
      domains.merge(scope.domains) { first, _ in first }
      attributes[name] = .graph(scope.draft)
    }
    let inputs = node.inputs.prefix(own).map { id -> String in
      guard let id else { return "" }
      return real(id)
    }
    add(
      ONNXNodeDraft(
        name: node.name, op: node.op, inputs: inputs,
        outputs: node.outputs.map { id in id.map { name($0) } ?? "" }, attributes: attributes))
  }

  /// The inputs of a node that are the operator's own; the others are what bodies read from around.
  private func ownInputs(_ node: Node) -> Int {
    switch node.op {
    case "If": return 1
    case "Loop":
      // The body's own inputs are the iteration, the condition and what is carried.
      let carried = node.attributes["carried"].flatMap { attribute -> Int? in
        if case .int(let value) = attribute { return Int(clamping: value) }
        return nil
      }
      return min(max(2 + (carried ?? (node.inputs.count - 2)), 0), node.inputs.count)
    default:
      var carried = 0
      var scanned = 0
      if case .int(let value)? = node.attributes["carried"] { carried = Int(clamping: value) }
      if case .int(let value)? = node.attributes["num_scan_inputs"] {
        scanned = Int(clamping: value)
      }
      guard (0...node.inputs.count).contains(carried), (0...node.inputs.count).contains(scanned)
      else { return -1 }
      return min(carried + scanned, node.inputs.count)
    }
  }

  /// Declares inputs and outputs of a body; an output that is read from around it is a copy.
  private mutating func declareBody(inputs: [ValueID], outputs: [ValueID]) {
    declare(inputs: inputs, outputs: outputs)
  }
}
