import Foundation
import Interpreter
import ModelFormat
import Testing

@testable import Convert

/// Networks in which the data decide what runs, and with which shapes.
@Suite struct ControlFlowTests {
  /// Runs `interpreter` twice, so that what it keeps from one run meets the next.
  static func check(_ interpreter: Interpreter, _ fixture: NetworkFixture) throws {
    for _ in 0..<2 {
      let found = try interpreter.outputs(seed: fixture.seed)
      #expect(interpreter.outputs.map(\.name) == fixture.outputs.map(\.name))
      #expect(interpreter.outputs.map(\.shape.dimensions) == fixture.outputs.map(\.shape))
      for (elements, output) in zip(found, fixture.outputs) {
        #expect(error(elements, output.floats) < 1e-4, "\(output.name)")
      }
    }
  }

  @Test func fixturesAreThere() {
    #expect(NetworkFixture.controlFlow.count >= 13)
  }

  @Test(arguments: NetworkFixture.controlFlow)
  func computesWhatONNXRuntimeComputes(_ fixture: NetworkFixture) throws {
    let graph = try TestModel(name: fixture.name, path: fixture.path).graph()
    try Self.check(Interpreter(graph), fixture)
  }

  @Test(arguments: NetworkFixture.controlFlow)
  func computesTheSameAfterAllPasses(_ fixture: NetworkFixture) throws {
    let model = try LoadedModel(path: fixture.path)
    for threads in 1...2 { try Self.check(model.interpreter(threads: threads), fixture) }
  }

  @Test(arguments: NetworkFixture.controlFlow)
  func computesTheSameFromItsFile(_ fixture: NetworkFixture) throws {
    let graph = try LoadedModel(path: fixture.path).graph
    let file = ModelWriter(Model(graph: graph)).bytes()
    let read = try ModelReader.read(Bytes(file)).model
    #expect(ModelWriter(read).bytes() == file)
    try Self.check(Interpreter(read.graph), fixture)
  }

  @Test(arguments: NetworkFixture.controlFlow, ConversionOptions.Quantization.allCases)
  func converts(_ fixture: NetworkFixture, _ mode: ConversionOptions.Quantization) throws {
    let conversion = try Conversion(fixture.path) { $0.quantization = mode }
    #expect(!conversion.report.hasCollapsed)
    #expect(
      conversion.model.graph.outputs.map { conversion.model.graph[$0].name }
        == fixture.outputs.map(\.name))
  }

  static func operators(_ name: String) throws -> [String] {
    let fixture = try #require(NetworkFixture.controlFlow.first { $0.name == name })
    return try LoadedModel(path: fixture.path).graph.operators
  }

  @Test func knownBranchesAndLoopsVanish() throws {
    #expect(try Self.operators("if-known").filter { $0 == "If" }.isEmpty)
    #expect(try Self.operators("if-known").contains("Abs") == false)
    let loop = try Self.operators("loop-known")
    #expect(!loop.contains("Loop") && loop.count { $0 == "Tanh" } == 4)
  }

  @Test func unknownOnesStay() throws {
    #expect(try Self.operators("if-true").contains("If"))
    #expect(try Self.operators("loop-of-data").contains("Loop"))
    #expect(try Self.operators("loop-while").contains("Loop"))
  }

  @Test func whatIsKnownIsPlannedAllTheSame() throws {
    let fixture = try #require(NetworkFixture.controlFlow.first { $0.name == "open-reshape" })
    let interpreter = try LoadedModel(path: fixture.path).interpreter()
    #expect(interpreter.dependsOnData)
    #expect(interpreter.steps.contains { $0.op == "Conv" })
    #expect(interpreter.outputs[1].shape == [2, 8, 6, 6] && interpreter.outputs[0].shape == [0])
  }

  @Test func dataThatFitNoShapeAreErrors() throws {
    let fixture = try #require(NetworkFixture.controlFlow.first { $0.name == "open-reshape" })
    let interpreter = try LoadedModel(path: fixture.path).interpreter()
    interpreter.load(seed: fixture.seed)
    interpreter.input(1).storeBytes(of: -1_000_000, as: Int64.self)
    do throws(InterpreterError) {
      try interpreter.run()
      Issue.record("no error")
    } catch {
      #expect("\(error)".contains("(Reshape)"))
    }
    // The next run is as good as ever.
    try Self.check(interpreter, fixture)
  }
}
