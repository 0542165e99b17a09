import ModelFormat

extension ImportRule {
  /// If: its branches become bodies that both read the same operands.
  static let ifElse = ImportRule { draft, builder throws(ImportProblem) in
    guard draft.inputs.count == 1, draft.inputs[0] != nil else {
      throw draft.invalid("must have one input, the condition")
    }
    var bodies = BodyAssembly()
    for key in ["then_branch", "else_branch"] {
      let branch = try draft.takeBody(key)
      guard branch.inputs.isEmpty else { throw draft.invalid("'\(key)' has inputs of its own") }
      guard branch.outputs.count == draft.outputs.count else {
        throw draft.invalid(
          "'\(key)' has \(branch.outputs.count) outputs, the node \(draft.outputs.count)")
      }
      try bodies.add(branch, of: draft, &builder)
    }
    try bodies.finish(&draft, &builder)
  }

  /// Loop: `carried` counts what goes from one iteration to the next.
  static let loop = ImportRule { draft, builder throws(ImportProblem) in
    let body = try draft.takeBody("body")
    while draft.inputs.count < 2 { draft.inputs.append(nil) }
    let carried = draft.inputs.count - 2
    guard body.inputs.count == carried + 2, draft.inputs.dropFirst(2).allSatisfy({ $0 != nil })
    else {
      throw draft.invalid(
        "carries \(carried) values, but its body has \(body.inputs.count) inputs instead of "
          + "\(carried + 2)")
    }
    try draft.fillOutputs(body.outputs.count - 1, atLeast: carried, &builder)
    var bodies = BodyAssembly()
    try bodies.add(body, of: draft, &builder)
    try bodies.finish(&draft, &builder)
    draft.attributes["carried"] = .int(Int64(carried))
  }

  /// Scan 9: `carried` counts its states.
  static let scan = ImportRule { draft, builder throws(ImportProblem) in
    let body = try draft.takeBody("body")
    let sequences = Int(clamping: try draft.int("num_scan_inputs") ?? 0)
    let states = draft.inputs.count - sequences
    guard sequences > 0, states >= 0, body.inputs.count == draft.inputs.count,
      draft.inputs.allSatisfy({ $0 != nil })
    else { throw draft.invalid("its body does not fit its inputs") }
    try draft.fillOutputs(body.outputs.count, atLeast: states, &builder)
    var bodies = BodyAssembly()
    try bodies.add(body, of: draft, &builder)
    try bodies.finish(&draft, &builder)
    draft.attributes["carried"] = .int(Int64(states))
  }
}

extension NodeDraft {
  /// Leaves out the outputs at the end that the file does not name, of `count` that the body gives.
  fileprivate mutating func fillOutputs(
    _ count: Int, atLeast least: Int, _ builder: inout GraphBuilder
  ) throws(ImportProblem) {
    guard outputs.count <= count, least <= count else {
      throw invalid("has \(outputs.count) outputs, its body gives \(count)")
    }
    while outputs.count < count { outputs.append(nil) }
  }
}
