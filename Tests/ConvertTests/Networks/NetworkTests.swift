import Interpreter
import ModelFormat
import Testing

@testable import Convert

@Suite struct NetworkTests {
  @Test func fixturesAreThere() {
    #expect(NetworkFixture.all.count >= 40)
  }

  @Test(arguments: NetworkFixture.all)
  func computesWhatONNXRuntimeComputes(_ fixture: NetworkFixture) throws {
    let graph = try TestModel(name: fixture.name, path: fixture.path).graph()
    #expect(graph.outputs.map { graph[$0].name } == fixture.outputs.map(\.name))
    #expect(graph.outputs.map { graph[$0].shape?.dimensions } == fixture.outputs.map(\.shape))
    for (found, output) in zip(try graph.outputs(seed: fixture.seed), fixture.outputs) {
      #expect(error(found, output.floats) < 1e-4, "\(output.name)")
    }
  }

  @Test(arguments: NetworkFixture.all + NetworkFixture.controlFlow)
  func computesTheSameNodeByNode(_ fixture: NetworkFixture) throws {
    let interpreter = try Interpreter(
      LoadedModel(path: fixture.path).graph, threads: 2, isStreaming: true)
    #expect(interpreter.steps.isEmpty)
    for (found, output) in zip(try interpreter.outputs(seed: fixture.seed), fixture.outputs) {
      #expect(error(found, output.floats) < 1e-4, "\(output.name)")
    }
    #expect(interpreter.outputs.map(\.shape.dimensions) == fixture.outputs.map(\.shape))
  }

  @Test(arguments: NetworkFixture.all)
  func computesTheSameAfterAllPasses(_ fixture: NetworkFixture) throws {
    let model = try LoadedModel(path: fixture.path)
    for threads in 1...3 {
      let interpreter = try model.interpreter(threads: threads)
      #expect(interpreter.outputs.map(\.name) == fixture.outputs.map(\.name))
      #expect(interpreter.outputs.map(\.shape.dimensions) == fixture.outputs.map(\.shape))
      for (found, output) in zip(try interpreter.outputs(seed: fixture.seed), fixture.outputs) {
        #expect(error(found, output.floats) < 1e-4, "\(output.name) with \(threads) threads")
      }
    }
  }
}
