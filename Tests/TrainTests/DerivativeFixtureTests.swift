import Foundation
import Interpreter
import ModelFormat
import Operators
import TestSupport
import Testing

@testable import Train

/// An operator's gradients as PyTorch computes them; see Scripts/make-derivative-fixtures.py.
struct DerivativeFixture: Decodable, Sendable, CustomTestStringConvertible {
  struct Array: Decodable, Sendable {
    let shape: [Int]
    let data: Data
    let integers: Bool

    var tensor: Tensor {
      Tensor(
        type: integers ? .int64 : .float32, shape: Shape(shape), bytes: Bytes([UInt8](data)))
    }
  }
  struct Value: Decodable, Sendable {
    let int: Int64?
    let float: Float?
    let string: String?
    let ints: [Int64]?

    var attribute: Attribute {
      if let int { return .int(int) }
      if let float { return .float(float) }
      return string.map { .string($0) } ?? .ints(ints ?? [])
    }
  }
  let op: String
  let attributes: [String: Value]
  let inputs: [Array?]
  let output: Array
  let seed: Array
  let gradients: [Array?]

  var testDescription: String {
    "\(op) \(inputs.map { $0.map { "\($0.shape)" } ?? "-" }) \(attributes.keys.sorted())"
  }

  static let all: [DerivativeFixture] = {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    guard let data = try? Data(contentsOf: folder.appending(path: "derivatives.json")) else {
      return []
    }
    return (try? JSONDecoder().decode([DerivativeFixture].self, from: data)) ?? []
  }()
}

@Suite struct DerivativeFixtureTests {
  @Test func thereAreFixtures() { #expect(DerivativeFixture.all.count > 60) }

  /// The first operand is an input, the others parameters; zeros from a pooling of one pixel, which are
  /// added, bring it to channels last.
  @Test(arguments: DerivativeFixture.all, [false, true])
  func gradientsArePyTorchs(fixture: DerivativeFixture, isChannelsLast: Bool) throws {
    let tensors = fixture.inputs.map { $0?.tensor }
    let first = try #require(tensors[0])
    // A parameter of rank 4 that is no row of channels stays among row-major activations.
    if isChannelsLast, first.shape.rank != 4 || fixture.op == "Concat" { return }
    var builder = GraphBuilder()
    let x = builder.input(first.shape)
    var head = x
    if isChannelsLast {
      let zeros = builder.input(first.shape, name: "zeros")
      head = builder.node(
        "Add", x, builder.node("MaxPool", zeros, attributes: ["kernel_shape": .ints([1, 1])]))
    }
    let operands = tensors.dropFirst().map { tensor in tensor.map { builder.constant($0) } }
    let y = builder.nodes(
      fixture.op, [head] + operands, fixture.attributes.mapValues { $0.attribute }, outputs: 1)[0]
    var graph = builder.finish(y)
    try graph.inferShapes()
    let trained = zip(operands, fixture.gradients.dropFirst()).compactMap { $1 == nil ? nil : $0 }
    let network = try TrainingNetwork(
      graph, batch: first.shape[0], parameters: trained, threads: 2, keeps: [x],
      reads: [x])
    let input = try network.activation(x)
    for (index, value) in first.floats().enumerated() { input[index] = value }
    network.forward()
    let output = try network.activation(y)
    let facts = try network.facts(of: y)
    #expect(facts.shape == Shape(fixture.output.shape))
    expectClose([Float](output), fixture.output.tensor.floats(), 2e-5)
    let gradient = try #require(try network.gradient(of: y))
    for (index, value) in fixture.seed.tensor.floats().enumerated() { gradient[index] = value }
    network.backward()
    for (operand, expected) in zip(operands, fixture.gradients.dropFirst()) {
      guard let operand, let expected, let range = network.range(of: operand) else { continue }
      expectClose([Float](network.gradients[range]), expected.tensor.floats(), 2e-5)
    }
    if let expected = fixture.gradients[0] {
      let found = try #require(try network.gradient(of: x))
      expectClose([Float](found), expected.tensor.floats(), 2e-5)
    }
  }
}
