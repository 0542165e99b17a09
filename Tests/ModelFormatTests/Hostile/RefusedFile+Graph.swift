@testable import ModelFormat

extension RefusedFile {
  /// Words of the graph section of the worked example.
  private enum Word {
    static let name = 0, input = 4, output = 8, op = 12, inputs = 20, outputs = 24, attributes = 28
    static let firstInput = 32, secondInput = 36, result = 40, end = 44
  }

  /// Changes a word of the graph section.
  private static func word(
    _ rule: ModelError.Rule, _ what: String, _ word: Int, _ value: UInt32, _ subject: String = "",
    at reported: Int? = nil
  ) -> RefusedFile {
    .init(rule, what, subject) {
      $0[.graph].store(value, at: word)
      return $0.start(.graph) + (reported ?? word)
    }
  }

  /// A node with attributes, whose list of them is `words`.
  private static func attributes(
    _ what: String, _ subject: String = "", count: UInt32, _ words: [UInt32], at reported: Int
  ) -> RefusedFile {
    .init(.attribute, what, subject) {
      $0[.graph].store(count, at: Word.attributes)
      for word in words { $0[.graph].append(word) }
      return $0.start(.graph) + Word.end + reported
    }
  }

  /// The worked example with a second node, which `edit` may spoil.
  private static func twoNodes(
    _ rule: ModelError.Rule, _ what: String, _ subject: String, _ edit: (inout Graph) -> Void,
    at offset: Int
  ) -> RefusedFile {
    var graph = HostileGraphs.worked()
    let z = graph.add(Value(name: "z", type: .float32, shape: [3, 12]))
    graph.nodes.append(
      Node(name: "again", op: "Add", inputs: [graph.outputs[0], ValueID(1)], outputs: [z]))
    graph.outputs = [z]
    edit(&graph)
    return .init(rule, what, subject, graph: graph) { $0.start(.graph) + offset }
  }

  /// Inputs, outputs and nodes.
  static let graphs: [RefusedFile] = [
    .init(.graphLength, "cut") {
      $0[.graph].removeLast(24)
      return $0.end(.graph)
    },
    .init(.graphLength, "empty") {
      $0[.graph] = []
      return $0.start(.graph)
    },
    .init(.graphLength, "goes-on") {
      $0[.graph].append(UInt32(0))
      return $0.start(.graph) + Word.end
    },
    .init(.graphLength, "one-node-less") {
      $0.header.store(UInt32(0), at: 52)
      $0[.graph].store(UInt32(1), at: Word.output)
      return $0.start(.graph) + Word.op
    },
    .init(.graphLength, "one-node-more") {
      $0.header.store(UInt32(2), at: 52)
      return $0.start(.graph) + Word.end
    },
    word(.operandIndex, "of-an-input", Word.firstInput, 3),
    word(.operandIndex, "negative", Word.secondInput, .max - 1),
    word(.operandIndex, "of-an-output", Word.result, 3),
    word(.operandIndex, "of-the-graph", Word.input, 3),
    word(.operandIndex, "absent-output-of-the-graph", Word.output, .max),
    word(.operandIndex, "of-a-string", Word.op, 6),
    word(.definedTwice, "constant-as-input", Word.input, 1, "value 'c'"),
    word(.definedTwice, "output-is-input", Word.result, 0, "value 'x'", at: Word.end),
    word(.definedTwice, "output-is-constant", Word.result, 1, "value 'c'", at: Word.end),
    twoNodes(
      .definedTwice, "by-two-nodes", "value 'y'",
      {
        $0.nodes[1].inputs[0] = ValueID(0)
        $0.nodes[1].outputs[0] = ValueID(2)
      }, at: 12 + 32 * 2),
    .init(.definedTwice, "input-twice", "value 'x'") {
      $0.header.store(UInt32(2), at: 56)
      $0[.graph].insert(contentsOf: [0, 0, 0, 0], at: Word.input)
      return $0.start(.graph) + Word.input + 4
    },
    word(.usedBeforeDefined, "reads-itself", Word.firstInput, 2, "node 'add'", at: Word.end),
    twoNodes(
      .usedBeforeDefined, "cycle", "node 'add'",
      {
        $0.nodes[0].inputs[0] = ValueID(3)
      }, at: 12 + 32),
    twoNodes(.usedBeforeDefined, "swapped", "node 'again'", { $0.nodes.swapAt(0, 1) }, at: 12 + 32),
    word(.graphOutput, "never-computed", Word.result, .max, "output 'y'", at: Word.input),
    attributes(
      "fall", "node 'add'", count: 2, [1, 2, 1, 0, 0, 2, 1, 0], at: 16),
    attributes("twice", "node 'add'", count: 2, [1, 2, 1, 0, 1, 2, 1, 0], at: 16),
    .init(.attribute, "equivalent", "node 'add'") {
      nameAlike(&$0)
      $0[.graph].store(UInt32(2), at: Word.attributes)
      for word in [6, 2, 1, 0, 7, 2, 1, 0] as [UInt32] { $0[.graph].append(word) }
      return $0.start(.graph) + Word.end + 16
    },
    attributes("no-such-kind", count: 1, [1, 7, 1, 0], at: 4),
    attributes("kind-zero", count: 1, [1, 0, 1, 0], at: 4),
    attributes("two-of-one", count: 1, [1, 2, 2, 0, 0], at: 4),
    attributes("four-billion-numbers", count: 1, [1, 4, .max, 0], at: 4),
    attributes("cut", count: 1, [1, 1, 1, 0], at: 4),
    attributes("no-such-name", count: 1, [6, 2, 1, 0], at: 0),
  ]

  /// Words of the graph section of `HostileGraphs.branches`: three of the graph, seven of the node, the
  /// number of bodies, and then bodies.
  private static let firstBody = 44

  /// Bodies of nodes.
  static let bodies: [RefusedFile] = [
    .init(
      .body, "too-deep", "node 'if'",
      of: FileDraft(HostileGraphs.branches(depth: Limits.bodyDepth + 1))
    ) {
      // A body that holds an If: name and counts, two values, input, output; seven words of the node, and
      // the number of its bodies.
      $0.start(.graph) + firstBody + Limits.bodyDepth * 4 * (5 + 2 + 2 + 7 + 1)
    },
    .init(.body, "cut", of: FileDraft(HostileGraphs.branches())) {
      $0[.graph].removeLast($0[.graph].count - 40)
      return $0.end(.graph)
    },
    .init(.usedBeforeDefined, "in-a-body", "node 'if'", graph: bodyThatReadsItself()) {
      $0.end(.graph)
    },
  ]

  private static func bodyThatReadsItself() -> Graph {
    var graph = HostileGraphs.branches(depth: 2)
    graph.nodes[0].bodies[0].nodes[0].inputs[0] = ValueID(1)
    return graph
  }
}

extension FileDraft {
  /// Where a section ends.
  func end(_ section: V1.Section) -> Int { start(section) + self[section].count }
}
