import Foundation
import ModelFormat
import Testing

@testable import Convert

/// The models of Scripts/make-onnx-fixtures.py.
enum ONNXFixture {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/onnx").path

  static func path(_ name: String) -> String { "\(folder)/\(name)" }

  static func load(
    _ name: String, _ options: ImportOptions = ImportOptions()
  ) throws(ImportError) -> ImportedModel {
    try ONNXImporter.load(path: path(name + ".onnx"), options: options)
  }

  /// The problem with a model that must be refused.
  static func problem(
    _ name: String, _ options: ImportOptions = ImportOptions(),
    sourceLocation: SourceLocation = #_sourceLocation
  ) -> ImportProblem? {
    do throws(ImportError) {
      _ = try load(name, options)
      Issue.record("\(name) was not refused", sourceLocation: sourceLocation)
      return nil
    } catch {
      return error.problem
    }
  }

  /// What the user would read about a model that must be refused, without the file's name.
  static func message(
    _ name: String, _ options: ImportOptions = ImportOptions(),
    sourceLocation: SourceLocation = #_sourceLocation
  ) -> String {
    problem(name, options, sourceLocation: sourceLocation)?.description ?? ""
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path(name))))
  }
}

extension ImportedModel {
  /// The operators in order.
  var operators: [String] { graph.nodes.map(\.op) }

  /// The constant at input `index` of the last node, or nil where the input is left out.
  func constant(_ index: Int) -> Tensor? {
    guard let node = graph.nodes.last, index < node.inputs.count, let id = node.inputs[index]
    else { return nil }
    return graph[id].constant
  }

  /// An attribute of the last node.
  func attribute(_ name: String) -> Attribute? { graph.nodes.last?.attributes[name] }

  /// The inputs of the last node that are there.
  var operands: [Bool] { graph.nodes.last?.inputs.map { $0 != nil } ?? [] }
}
