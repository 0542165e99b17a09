import Foundation
import ModelFormat
import Testing

@testable import Convert

/// Real models, where they are at hand: in the folder that PARE_DATA names, or in ../shared/data.
@Suite struct ONNXRealModelTests {
  static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["PARE_DATA"] { return URL(filePath: path) }
    return URL(filePath: #filePath).appending(path: "../../../../../shared/data").standardized
  }()

  static var models: [String] {
    let names = try? FileManager.default.contentsOfDirectory(
      atPath: folder.appending(path: "models").path)
    return (names ?? []).filter { $0.hasSuffix(".onnx") }.sorted()
  }

  @Test(
    .enabled(if: !models.isEmpty, "no real models: set PARE_DATA to a folder with models/*.onnx"))
  func allOfThemImport() throws {
    for name in Self.models {
      let path = Self.folder.appending(path: "models/\(name)").path
      let model = try ONNXImporter.load(path: path)
      #expect(!model.graph.nodes.isEmpty, "\(name)")
      #expect(!model.graph.inputs.isEmpty && !model.graph.outputs.isEmpty, "\(name)")
      #expect(Set(model.graph.values.map(\.name)).count == model.graph.values.count, "\(name)")
    }
  }
}
