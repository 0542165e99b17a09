import ModelFormat
import Testing

@testable import Convert

@Suite struct ONNXGraphTests {
  @Test func cyclesAreNamed() {
    #expect(ONNXFixture.problem("cycle") == .cycle(["first", "third", "second"]))
  }

  @Test func nodesAreSortedStably() throws {
    let model = try ONNXFixture.load("unsorted")
    #expect(model.graph.nodes.map(\.name) == ["first", "second", "third", "apart"])
  }

  @Test func undefinedValuesAreNamedWithTheirReader() {
    #expect(
      ONNXFixture.message("undefined")
        == "node 'add' (Add) reads 'w', which no input, initializer or node defines")
    #expect(ONNXFixture.message("undefined-output").contains("'y'"))
  }

  @Test func valuesAreDefinedOnce() {
    #expect(
      ONNXFixture.message("redefined")
        == "'y' is defined twice: by node 'first' and by node 'second'")
    #expect(ONNXFixture.message("redefined-initializer").contains("by an initializer and by node"))
    #expect(ONNXFixture.message("duplicate-initializer").contains("'w' is defined twice"))
  }

  @Test func allMissingOperatorsAreListedAtOnce() {
    let problem = ONNXFixture.problem("unknown-operators")
    guard case .unsupportedOperators(let missing) = problem else {
      Issue.record("\(String(describing: problem))")
      return
    }
    #expect(missing.map(\.op) == ["Foo", "HardSwish", "Custom", "Bar"])
    #expect(missing[0].nodes == (0..<7).map { "foo\($0)" })
    #expect(missing[1].since == 14 && missing[2].domain == "my.domain")
    #expect(missing[3].nodes == ["deep", "deep"])
    #expect(problem?.kind == .unsupported)
    let message = problem?.description ?? ""
    #expect(message.hasPrefix("4 operators are not supported: Foo (opset 13; 7 nodes: 'foo0'"))
    #expect(message.contains("and 2 more") && message.contains("my.domain.Custom"))
  }

  @Test func callsOfModelFunctionsAreRefused() throws {
    #expect(
      ONNXFixture.problem("function") == .modelFunction(function: "Twice", node: "call"))
    #expect(try ONNXFixture.load("function-unused").operators == ["Relu"])
  }

  @Test func inputsWithInitializersAreConstants() throws {
    let model = try ONNXFixture.load("initializer-as-input")
    #expect(model.graph.inputs.map { model.graph[$0].name } == ["x"])
    #expect(model.graph.values.map(\.name) == ["x", "w", "y"])
    #expect(model.irVersion == 3 && model.opset == 7)
  }

  @Test func namesAreCleanAndUnique() throws {
    let model = try ONNXFixture.load("names")
    let values = model.graph.values.map(\.name)
    #expect(values[0...2] == ["x", "a_[2J", "a_[2J_2"])
    #expect(values.last == "y" && Set(values).count == 6)
    #expect(values.allSatisfy { $0.utf8.count <= Limits.nameBytes })
    #expect(model.graph.nodes.map(\.name) == ["Relu_0", "Relu_1", "same", "same_2", "same_3"])
  }

  @Test func ownDomainHasTwoSpellings() throws {
    let model = try ONNXFixture.load("ai-onnx-domain")
    #expect(model.operators == ["Relu"] && model.metadata == ["author": "somebody"])
    #expect(model.producer == "fixtures")
  }

  @Test func openBatchesAreOne() throws {
    let model = try ONNXFixture.load("shape-batch")
    #expect(model.graph[model.graph.inputs[0]].shape == [1, 3])
  }

  @Test func extentsOfZeroStay() throws {
    let zero = try ONNXFixture.load("shape-zero")
    #expect(zero.graph[zero.graph.inputs[0]].shape == [0, 3])
    let empty = try ONNXFixture.load("shape-empty")
    #expect(empty.graph[empty.graph.inputs[0]].shape == [2, 0, 4])
  }

  @Test func otherOpenExtentsAreAskedFor() throws {
    #expect(
      ONNXFixture.message("shape-symbolic")
        == "the shape of input 'x' is not fixed; give it with --input-shape x:1,3,?,? "
        + "(a number for each ?)")
    #expect(ONNXFixture.message("shape-no-rank").contains("--input-shape x:?,..."))
    #expect(ONNXFixture.problem("shape-symbolic")?.kind == .usage)
    for name in ["shape-symbolic", "shape-no-rank"] {
      let model = try ONNXFixture.load(name, ImportOptions(inputShapes: ["x": [2, 3, 4, 5]]))
      #expect(model.graph[model.graph.inputs[0]].shape == [2, 3, 4, 5])
    }
  }

  @Test func givenShapesMustFit() throws {
    let fixed = try ONNXFixture.load("shape-fixed", ImportOptions(inputShapes: ["x": [5, 3]]))
    #expect(fixed.graph[fixed.graph.inputs[0]].shape == [5, 3])
    let empty = try ONNXFixture.load("shape-fixed", ImportOptions(inputShapes: ["x": [0, 3]]))
    #expect(empty.graph[empty.graph.inputs[0]].shape == [0, 3])
    for shape in [[1], [-1, 3], [1 << 40, 3]] {
      #expect(
        ONNXFixture.problem("shape-fixed", ImportOptions(inputShapes: ["x": shape]))?.kind
          == .usage)
    }
    #expect(
      ONNXFixture.problem("shape-fixed", ImportOptions(inputShapes: ["images": [1, 3]]))
        == .unknownInput(name: "images", inputs: ["x"]))
  }

  @Test func onlyTensorsCanBeInputs() {
    #expect(ONNXFixture.message("input-string").contains("has type string"))
    #expect(ONNXFixture.message("input-sequence").contains("is no tensor"))
  }

  @Test func nestedGraphsHaveALimit() throws {
    #expect(try ONNXFixture.load("nested-8").operators == ["If"])
    #expect(ONNXFixture.message("nested-9").contains("lies more than 8 bodies deep"))
    for name in ["nested-40", "nested-500"] {
      #expect(ONNXFixture.message(name).contains("nested deeper than 64"))
    }
  }
}
