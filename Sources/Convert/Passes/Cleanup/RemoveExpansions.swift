import ModelFormat

extension GraphPass {
  /// An Expand before an operator that broadcasts by itself vanishes.
  ///
  ///     Div(x, Expand(n, shape of x))      becomes      Div(x, n)
  static let removeExpansions = GraphPass(
    name: "remove-expansions", summary: "Expand before what broadcasts by itself vanishes"
  ) { graph in
    var editor = GraphEditor(graph)
    var changes = 0
    for position in graph.nodes.indices {
      for slot in [0, 1] where editor.removeExpansion(position, slot) { changes += 1 }
    }
    guard changes > 0 else { return 0 }
    graph = editor.finished()
    return changes
  }
}

extension GraphEditor {
  fileprivate mutating func removeExpansion(_ position: Int, _ slot: Int) -> Bool {
    var node = self[position]
    guard ["Add", "Sub", "Mul", "Div", "Pow"].contains(node.op), node.inputs.count == 2,
      let expanded = node.inputs[slot], let maker = maker(of: expanded),
      self[maker].op == "Expand", let x = self[maker].inputs[0], let other = node.inputs[1 - slot],
      let output = node.outputs[0], let result = graph[output].shape,
      graph[other].shape == result, let shape = graph[x].shape, shape.rank <= result.rank,
      zip(shape.dimensions.reversed(), result.dimensions.reversed())
        .allSatisfy({ $0 == 1 || $0 == $1 })
    else { return false }
    node.inputs[slot] = x
    replace(position, with: node)
    if isUnread(expanded) { remove(maker) }
    return true
  }
}
