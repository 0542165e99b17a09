import ModelFormat

extension GraphPass {
  /// Nodes that only hand their input on vanish.
  ///
  ///     a -> Identity -> b -> Relu      becomes      a -> Relu
  ///
  /// Identity and inference-time Dropout; where the result is a graph output of another value that
  /// keeps its own name, the node stays.
  static let removeIdentities = GraphPass(
    name: "remove-identities", summary: "Identity and Dropout nodes vanish"
  ) { graph in
    var editor = GraphEditor(graph)
    var changes = 0
    for position in graph.nodes.indices {
      let node = editor[position]
      guard node.op == "Identity" || node.op == "Dropout", let input = node.inputs.first ?? nil,
        let output = node.outputs.first ?? nil, node.outputs.dropFirst().allSatisfy({ $0 == nil }),
        editor.redirect(output, to: input)
      else { continue }
      editor.remove(position)
      changes += 1
    }
    graph = editor.finished()
    return changes
  }
}
