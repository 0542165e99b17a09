import Interpreter
import ModelFormat
import Testing

@testable import Convert

/// What the exporters of PyTorch write for small modules becomes the operators that it means.
@Suite struct ExportTests {
  private static let views: Set<String> = ["Reshape", "Flatten", "Squeeze", "Unsqueeze"]

  @Test func fixturesAreThere() {
    #expect(NetworkFixture.exports.count >= 60)
  }

  @Test(arguments: NetworkFixture.exports)
  func becomesWhatItMeans(_ fixture: NetworkFixture) throws {
    let graph = try TestModel(name: fixture.name, path: fixture.path).graph()
      .applying(PassTests.pipeline)
    #expect(graph.operators.filter { !Self.views.contains($0) } == fixture.operators)
  }

  @Test(arguments: NetworkFixture.exports)
  func computesWhatONNXRuntimeComputes(_ fixture: NetworkFixture) throws {
    let interpreter = try LoadedModel(path: fixture.path).interpreter(threads: 1)
    #expect(interpreter.outputs.map(\.name) == fixture.outputs.map(\.name))
    for (found, output) in zip(try interpreter.outputs(seed: fixture.seed), fixture.outputs) {
      #expect(error(found, output.floats) < 1e-5, "\(output.name)")
    }
  }
}
