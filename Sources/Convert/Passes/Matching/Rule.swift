import ModelFormat

/// A pattern, and the node that computes the same.
struct Rule: Sendable {
  /// What the source computes it with.
  let pattern: Pattern
  /// The node in its place, without name and outputs; nil where attributes or shapes forbid it.
  let replacement: @Sendable (Match, inout GraphEditor) -> Replacement?

  init(
    _ pattern: Pattern,
    _ replacement: @escaping @Sendable (Match, inout GraphEditor) -> Replacement?
  ) {
    self.pattern = pattern
    self.replacement = replacement
  }
}

/// What a rule puts in the place of a pattern.
struct Replacement {
  var op: String
  var inputs: [ValueID?]
  var attributes: [String: Attribute] = [:]
}

extension GraphPass {
  /// A pass that replaces what its rules find by single nodes, in one walk over the graph.
  init(name: String, summary: String, rules: [Rule]) {
    let roots = rules.map(\.pattern.roots)
    self.init(name: name, summary: summary) { graph in
      var editor = GraphEditor(graph)
      var changes = 0
      for position in graph.nodes.indices {
        for (rule, roots) in zip(rules, roots) {
          // A node may be the last one of several patterns in turn.
          guard editor.isThere(position), roots.contains(editor[position].op),
            let match = Matcher(editor).match(rule.pattern, at: position),
            let replacement = rule.replacement(match, &editor)
          else { continue }
          editor.apply(replacement, match, at: position)
          changes += 1
        }
      }
      guard changes > 0 else { return 0 }
      graph = editor.finished()
      return changes
    }
  }
}

extension GraphEditor {
  /// Puts one node in the place of all that `match` covers; `position` is the last of them.
  mutating func apply(_ replacement: Replacement, _ match: Match, at position: Int) {
    let node = self[position]
    replace(
      position,
      with: Node(
        name: node.name, op: replacement.op, inputs: replacement.inputs, outputs: node.outputs,
        attributes: replacement.attributes))
    for covered in match.covered where covered != position { remove(covered) }
  }

  /// The shape of what the node at `position` computes first.
  func shape(of id: ValueID) -> Shape? { graph[id].shape }
}
