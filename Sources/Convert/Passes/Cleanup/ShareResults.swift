import ModelFormat

extension GraphPass {
  /// Nodes that compute the same from the same become one.
  ///
  ///     Sigmoid(x) -> a,  Sigmoid(x) -> b      becomes      Sigmoid(x) -> a, read in place of b
  ///
  /// A result that is a graph output keeps its own node, and control flow stays.
  static let shareResults = GraphPass(
    name: "share-results", summary: "nodes that compute the same become one"
  ) { graph in
    struct Key: Hashable {
      let op: String
      let inputs: [ValueID?]
      let outputs: Int
      let attributes: [String: Attribute]
    }
    var editor = GraphEditor(graph)
    var known: [Key: Int] = [:]
    var changes = 0
    for position in graph.nodes.indices {
      // As it reads now: what it reads may have become one already.
      let node = editor[position]
      if !node.bodies.isEmpty || node.op.contains("Random") { continue }
      let key = Key(
        op: node.op, inputs: node.inputs, outputs: node.outputs.count, attributes: node.attributes)
      guard let first = known[key] else {
        known[key] = position
        continue
      }
      let pairs = zip(node.outputs, editor[first].outputs)
      guard
        pairs.allSatisfy({ mine, its in
          guard let mine else { return true }
          guard let its else { return false }
          return !editor.isOutput(mine) && editor.graph[mine].type == editor.graph[its].type
            && editor.graph[mine].quantization == editor.graph[its].quantization
        })
      else { continue }
      for case (let mine?, let its?) in pairs { _ = editor.redirect(mine, to: its) }
      editor.remove(position)
      changes += 1
    }
    guard changes > 0 else { return 0 }
    graph = editor.finished()
    return changes
  }
}
