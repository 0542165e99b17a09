import ModelFormat

extension GraphPass {
  /// Changes of shape in a row become one, straight to the last shape.
  ///
  ///     Reshape -> Squeeze -> Reshape      becomes      Reshape
  ///     Unsqueeze -> Squeeze               vanishes, where the shape is the first again
  ///
  /// Reshape, Flatten, Squeeze and Unsqueeze; no byte moves in any of them.
  static let mergeReshapes = GraphPass(
    name: "merge-reshapes", summary: "changes of shape in a row become one"
  ) { graph in
    var editor = GraphEditor(graph)
    var changes = 0
    for position in graph.nodes.indices {
      let node = editor[position]
      guard views.contains(node.op), let middle = node.inputs.first ?? nil,
        let output = node.outputs[0], let shape = editor.graph[output].shape,
        let before = editor.maker(of: middle), views.contains(editor[before].op),
        let x = editor[before].inputs.first ?? nil, editor.graph[x].shape != nil,
        !shape.dimensions.contains(0)  // a zero would mean the extent of the input
      else { continue }
      if editor.graph[x].shape == shape, editor.redirect(output, to: x) {
        editor.remove(position)
      } else {
        let extents = editor.addConstant(
          node.name + ".shape", Tensor(shape.dimensions.map { Int64($0) }))
        editor.replace(
          position,
          with: Node(name: node.name, op: "Reshape", inputs: [x, extents], outputs: node.outputs))
      }
      if editor.onlyReader(of: middle) == nil, editor.isUnread(middle) { editor.remove(before) }
      changes += 1
    }
    guard changes > 0 else { return 0 }
    graph = editor.finished()
    return changes
  }

  private static let views: Set<String> = ["Reshape", "Flatten", "Squeeze", "Unsqueeze"]
}
