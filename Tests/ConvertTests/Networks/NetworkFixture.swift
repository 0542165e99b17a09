import Foundation
import Interpreter
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// A network of Scripts/make-network-fixtures.py, or of that for control flow, with what ONNX Runtime
/// computes.
struct NetworkFixture: Decodable, Sendable, CustomTestStringConvertible {
  struct Output: Decodable, Sendable {
    let name: String
    let shape: [Int]
    let elements: Data

    var floats: [Float] { Bytes([UInt8](elements)).elements(as: Float.self) }
  }

  let name: String
  let seed: UInt64
  let outputs: [Output]
  /// What all passes must make of it, changes of shape left out; of exports only.
  let operators: [String]?
  /// The folder that the file lies in.
  private(set) var folder = ""

  private enum CodingKeys: CodingKey { case name, seed, outputs, operators }

  var path: String { "\(folder)/\(name).onnx" }
  var testDescription: String { name }

  /// The folder of all fixtures of this target.
  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures").path

  /// Networks whose shapes are all known.
  static let all = load("networks")
  /// Networks with control flow, and with shapes that depend on the data.
  static let controlFlow = load("control-flow")
  /// Networks with operators of ONNX Runtime's own domain.
  static let runtime = load("runtime")

  /// Small modules as the exporters of PyTorch write them.
  static let exports = load("exports")

  /// One network as quantizers write it, with what ONNX Runtime computes in integers.
  static let quantized = load("quantized")

  /// Samples that were compressed and exported, with what ONNX Runtime computes, in integers.
  static let exported = load("exported")

  private static func load(_ name: String) -> [NetworkFixture] {
    let folder = "\(fixtures)/\(name)"
    let data = try? Data(contentsOf: URL(filePath: "\(folder)/expected.json"))
    let fixtures = data.flatMap { try? JSONDecoder().decode([NetworkFixture].self, from: $0) }
    return (fixtures ?? []).map { fixture in
      var fixture = fixture
      fixture.folder = folder
      return fixture
    }
  }

  static func named(_ name: String) throws -> NetworkFixture {
    try #require(all.first { $0.name == name }, "no fixture '\(name)'")
  }
}

/// A model that passes and compression are tried on: a fixture or a sample.
struct TestModel: Sendable, CustomTestStringConvertible {
  let name: String
  let path: String
  var testDescription: String { name }

  static let samples = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../samples").standardized.path

  static let all =
    NetworkFixture.all.map { TestModel(name: $0.name, path: $0.path) }
    + ["digits_resnet", "digits_mobile"].map {
      TestModel(name: $0, path: "\(samples)/\($0).onnx")
    }

  /// The graph as imported, its shapes inferred and shape subgraphs folded.
  func graph() throws -> Graph {
    var graph = try ONNXImporter.load(path: path).graph
    _ = try GraphPass.foldConstants.apply(&graph)
    return graph
  }
}

extension Graph {
  /// Runs the graph on the inputs of `seed` and returns the elements of each output.
  func outputs(seed: UInt64, threads: Int = 1) throws -> [[Float]] {
    try Interpreter(self, threads: threads).outputs(seed: seed)
  }

  /// The operators in order.
  var operators: [String] { nodes.map(\.op) }

  /// How many nodes have the operator `op`.
  func count(_ op: String) -> Int { nodes.count { $0.op == op } }

  /// This graph after `passes`.
  func applying(_ passes: GraphPass...) throws -> Graph { try applying(passes) }

  /// This graph after `passes`.
  func applying(_ passes: [GraphPass]) throws -> Graph {
    var graph = self
    for pass in passes { _ = try pass.apply(&graph) }
    return graph
  }
}

extension Interpreter {
  /// Fills the inputs with the numbers that Scripts/network_fixtures.py makes from `seed`.
  func load(seed: UInt64) {
    for (index, port) in inputs.enumerated() {
      var random = SeededGenerator(seed: seed + UInt64(index))
      let floats = random.uniform(port.shape.count)
      if port.type == .int64 {
        let memory = input(index).bindMemory(to: Int64.self)
        for i in floats.indices { memory[i] = Int64(abs(floats[i]) * 8) }
      } else {
        let memory = input(index).bindMemory(to: Float.self)
        for i in floats.indices { memory[i] = floats[i] }
      }
    }
  }

  /// Runs on the inputs of `seed` and returns the elements of each output.
  func outputs(seed: UInt64) throws -> [[Float]] {
    load(seed: seed)
    try run()
    return outputs.indices.map { floats($0) }
  }
}

/// The largest difference between `found` and `expected` as a part of the largest of `expected`.
func error(_ found: [Float], _ expected: [Float]) -> Double {
  guard found.count == expected.count else { return .infinity }
  let largest = max(expected.map { Double(abs($0)) }.max() ?? 0, 1e-6)
  return zip(found, expected).reduce(0) { worst, pair in
    if pair.0 == pair.1 || pair.0.isNaN && pair.1.isNaN { return worst }
    let difference = abs(Double(pair.0) - Double(pair.1)) / largest
    return difference.isNaN ? .infinity : max(worst, difference)
  }
}
