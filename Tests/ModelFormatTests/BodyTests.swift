import ModelFormat
import TestSupport
import Testing

/// Files whose nodes have bodies, and whose values have shapes that depend on the data.
@Suite struct BodyTests {
  /// A body that adds its inputs, around `inner` other such bodies.
  static func body(_ name: String, depth: Int) -> Graph {
    var graph = Graph(name: name)
    let a = graph.add(Value(name: "\(name).a", type: .float32))
    let b = graph.add(Value(name: "\(name).b", type: .float32))
    let c = graph.add(Value(name: "\(name).c", type: .float32))
    graph.inputs = [a, b]
    graph.outputs = [c]
    graph.nodes = [
      depth > 1
        ? Node(
          name: "\(name)/if", op: "If", inputs: [a, b], outputs: [c],
          attributes: ["alpha": .float(1)],
          bodies: [body("\(name)i", depth: depth - 1), Self.body("\(name)j", depth: 1)])
        : Node(name: "\(name)/add", op: "Add", inputs: [a, b], outputs: [c])
    ]
    return graph
  }

  static func graph(depth: Int) -> Graph {
    var graph = SampleGraphs.mixed()
    let open = graph.add(Value(name: "open", type: .float32))
    graph.nodes.append(
      Node(
        name: "if", op: "If", inputs: [graph.inputs[0], graph.outputs[0]], outputs: [open],
        bodies: [body("t", depth: depth), body("e", depth: 1)]))
    graph.outputs.append(open)
    return graph
  }

  static let file = ModelWriter(Model(graph: graph(depth: 2))).bytes()

  static func rule(_ graph: Graph) -> ModelError.Rule? {
    do throws(ModelError) {
      _ = try ModelReader.read(Bytes(ModelWriter(Model(graph: graph)).bytes()))
      return nil
    } catch { return error.rule }
  }

  @Test func readingGivesBackWhatWasWritten() throws {
    let graph = try ModelReader.read(Bytes(Self.file)).model.graph
    #expect(ModelWriter(Model(graph: graph)).bytes() == Self.file)
    #expect(graph.outputs.map { graph[$0].shape } == [[1, 2], nil])
    let node = try #require(graph.nodes.last)
    #expect(node.bodies.map(\.name) == ["t", "e"])
    let inner = try #require(node.bodies[0].nodes.first)
    #expect(inner.op == "If" && inner.bodies.map(\.nodes.count) == [1, 1])
    #expect(inner.bodies[0].nodes[0].op == "Add")
  }

  @Test func otherFilesKeepTheirBytes() {
    // Only a file that needs the feature asks its readers for it.
    #expect(Self.file[24] == 1)
    #expect(ModelWriter(Model(graph: SampleGraphs.mixed())).bytes()[24] == 0)
  }

  @Test func everyTruncationAndFlippedBitIsRefused() {
    var file = Self.file
    for offset in file.indices {
      #expect(throws: ModelError.self) { try ModelReader.read(Bytes(Array(file[..<offset]))) }
      for bit in 0..<8 {
        file[offset] ^= 1 << UInt8(bit)
        #expect(throws: ModelError.self, "byte \(offset) bit \(bit)") {
          try ModelReader.read(Bytes(file))
        }
        file[offset] ^= 1 << UInt8(bit)
      }
    }
  }

  @Test func bodiesLieAtMostEightDeep() {
    #expect(Self.rule(Self.graph(depth: Limits.bodyDepth)) == nil)
    #expect(Self.rule(Self.graph(depth: Limits.bodyDepth + 1)) == .body)
  }

  @Test func bodiesReadWhatIsDefinedInThem() {
    var graph = Self.graph(depth: 1)
    graph.nodes[2].bodies[0].nodes[0].inputs[1] = graph.nodes[2].bodies[0].outputs[0]
    #expect(Self.rule(graph) == .usedBeforeDefined)
    graph = Self.graph(depth: 1)
    graph.nodes[2].bodies[0].nodes[0].inputs[1] = ValueID(7)
    #expect(Self.rule(graph) == .operandIndex)
    graph = Self.graph(depth: 1)
    graph.nodes[2].bodies[0].nodes = []
    #expect(Self.rule(graph) == .graphOutput)
  }

  @Test func graphInputsHaveShapes() {
    var graph = Self.graph(depth: 1)
    graph[graph.inputs[0]].shape = nil
    #expect(Self.rule(graph) == .openShape)
  }

  @Test func constantsHaveShapes() {
    var graph = Self.graph(depth: 1)
    graph.values[1].shape = nil
    #expect(Self.rule(graph) == .openShape)
  }
}
