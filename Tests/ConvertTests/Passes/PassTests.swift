import Interpreter
import ModelFormat
import Testing

@testable import Convert

/// What all passes promise: the network computes the same, and keeps its face.
@Suite struct PassTests {
  static let pipeline =
    GraphPass.normalization + GraphPass.folding + GraphPass.fusion + GraphPass.finishing

  /// Requires that `after` computes what `before` does, and that the graph is in order.
  func expectKept(
    _ before: (graph: Graph, outputs: [[Float]]), _ after: Graph, _ name: String
  ) throws {
    expectSound(after, name)
    let original = before.graph
    #expect(after.inputs.map { after[$0].name } == original.inputs.map { original[$0].name })
    #expect(after.outputs.map { after[$0].name } == original.outputs.map { original[$0].name })
    #expect(after.outputs.map { after[$0].type } == original.outputs.map { original[$0].type })
    #expect(after.outputs.map { after[$0].shape } == original.outputs.map { original[$0].shape })
    for (index, found) in try after.outputs(seed: 77).enumerated() {
      #expect(error(found, before.outputs[index]) < 1e-5, "\(name): output \(index)")
    }
  }

  /// Requires that every value has one name and one origin, which comes before its readers.
  func expectSound(_ graph: Graph, _ name: String) {
    #expect(Set(graph.values.map(\.name)).count == graph.values.count, "\(name): names")
    var isKnown = graph.values.map { $0.constant != nil }
    for id in graph.inputs { isKnown[id.index] = true }
    for node in graph.nodes {
      for case let id? in node.inputs { #expect(isKnown[id.index], "\(name): \(node.name)") }
      for case let id? in node.outputs {
        #expect(!isKnown[id.index], "\(name): \(graph[id].name) is made twice")
        isKnown[id.index] = true
      }
    }
    for id in graph.outputs { #expect(isKnown[id.index], "\(name): output \(graph[id].name)") }
  }

  @Test(arguments: TestModel.all)
  func eachByItselfKeepsWhatIsComputed(_ model: TestModel) throws {
    let graph = try model.graph()
    let before = (graph, try graph.outputs(seed: 77))
    for pass in Self.pipeline {
      try expectKept(before, try graph.applying(pass), pass.name)
    }
  }

  @Test(arguments: TestModel.all)
  func allInOrderKeepWhatIsComputed(_ model: TestModel) throws {
    let graph = try model.graph()
    let before = (graph, try graph.outputs(seed: 77))
    var after = graph
    for pass in Self.pipeline {
      _ = try pass.apply(&after)
      try expectKept(before, after, pass.name)
    }
  }

  @Test(arguments: TestModel.all)
  func runningThemAgainKeepsWhatIsComputed(_ model: TestModel) throws {
    let graph = try model.graph()
    let before = (graph, try graph.outputs(seed: 77))
    try expectKept(before, try graph.applying(Self.pipeline + Self.pipeline), "twice")
  }

  @Test func namesAreInKebabCaseAndSummariesAreOneLine() {
    for pass in Self.pipeline {
      #expect(pass.name.allSatisfy { $0.isLowercase || $0 == "-" }, "\(pass.name)")
      #expect(!pass.summary.isEmpty && !pass.summary.contains("\n"), "\(pass.name)")
    }
  }
}
