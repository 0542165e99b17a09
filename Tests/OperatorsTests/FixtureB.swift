import Foundation
import ModelFormat
import Operators
import Testing

/// One case of a fixture file: a node, its inputs, and what ONNX Runtime or onnx.reference made of them
/// (Scripts/make-operator-fixtures-*.py).
struct FixtureCase: Decodable, Sendable, CustomTestStringConvertible {
  /// A tensor in base64.
  struct Stored: Decodable, Sendable {
    var type: String
    var shape: [Int]
    var data: String

    var tensor: Tensor {
      get throws {
        let type = try #require(ElementType.allCases.first { $0.name == self.type })
        let bytes = try #require(Data(base64Encoded: data))
        return Tensor(type: type, shape: Shape(shape), bytes: Bytes([UInt8](bytes)))
      }
    }
  }

  /// An attribute under the name of its kind.
  struct Tagged: Decodable, Sendable {
    var int: Int64?
    var float: Float?
    var string: String?
    var ints: [Int64]?
    var floats: [Float]?
    var strings: [String]?

    var attribute: Attribute {
      if let floats { return .floats(floats) }
      if let strings { return .strings(strings) }
      if let ints { return .ints(ints) }
      if let string { return .string(string) }
      if let float { return .float(float) }
      return .int(int ?? 0)
    }
  }

  var name: String
  var op: String
  var attributes: [String: Tagged]
  var inputs: [Stored?]
  var outputs: [Stored]
  var tolerance: Float

  var testDescription: String { name }

  /// The cases of the file `name`.json.
  static func load(_ name: String) throws -> [FixtureCase] {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/\(name).json")
    return try JSONDecoder().decode([FixtureCase].self, from: Data(contentsOf: file))
  }

  /// The node of the case.
  var node: Node {
    Node(
      name: name, op: op, inputs: inputs.indices.map { inputs[$0] == nil ? nil : ValueID($0) },
      outputs: outputs.indices.map { ValueID(inputs.count + $0) },
      attributes: attributes.mapValues(\.attribute))
  }

  /// The inputs of the case.
  func tensors() throws -> [Tensor?] { try inputs.map { try $0?.tensor } }

  /// Compares `results` with what is expected.
  func check(_ results: [Tensor]) throws {
    try #require(results.count == outputs.count)
    for (result, data) in zip(results, outputs) {
      let expected = try data.tensor
      #expect(result.type == expected.type)
      #expect(result.shape == expected.shape)
      if expected.type == .float32 || expected.type == .float64 {
        for (a, b) in zip(result.floats(), expected.floats()) where a != b {
          let isClose =
            b.isFinite ? abs(a - b) <= tolerance * max(1, abs(b)) : a.isNaN && b.isNaN
          #expect(isClose, "\(a) is not \(b)")
          if !isClose { return }
        }
      } else {
        #expect(result.integers() == expected.integers())
      }
    }
  }
}
