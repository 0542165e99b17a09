import Foundation
import ModelFormat
import TestSupport
import Testing

@testable import Convert

/// Models that are made to take memory or time, or to reach for other files.
@Suite struct ONNXHostilityTests {
  /// What the user reads about a model that must be refused.
  func message(
    _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
  ) -> String {
    do throws(ImportError) {
      _ = try ONNXImporter.load(bytes: bytes, name: "m")
      Issue.record("accepted", sourceLocation: sourceLocation)
      return ""
    } catch { return error.description }
  }

  /// The same for a model in `folder` that adds external tensors of `count` elements to its input.
  func message(_ folder: String, _ locations: [String], count: Int = 4) throws -> String {
    let names = locations.indices.map { "w\($0)" }
    let bytes = ONNXMessage.model(
      [.node("Sum", ["x"] + names, ["y"])],
      initializers: zip(names, locations).map { .external($0, count, at: $1) })
    let path = folder + "/model.onnx"
    try Data(bytes).write(to: URL(filePath: path))
    do throws(ImportError) {
      _ = try ONNXImporter.load(path: path)
      return ""
    } catch { return "\(error.problem)" }
  }

  @Test func pipesAndDevicesAreNotOpened() throws {
    try withTemporaryFolder { folder in
      #expect(mkfifo(folder + "/pipe", 0o600) == 0)
      #expect(try message(folder, ["pipe"]).contains("is no regular file"))
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/zero", withDestinationPath: "/dev/zero")
      #expect(try message(folder, ["zero"]).contains("is a link out of the model's folder"))
      #expect(
        throws: ImportError(
          path: folder + "/pipe",
          problem: .file(.notAFile(path: folder + "/pipe", isDirectory: false)))
      ) { try ONNXImporter.load(path: folder + "/pipe") }
    }
  }

  /// As CVE-2026-34446 of onnx: a hard link leads out of the folder and looks like a file.
  @Test func hardLinksAreRefused() throws {
    try withTemporaryFolder { folder in
      try Data(count: 16).write(to: URL(filePath: folder + "/secret"))
      try FileManager.default.createDirectory(
        atPath: folder + "/model", withIntermediateDirectories: true)
      #expect(link(folder + "/secret", folder + "/model/w.bin") == 0)
      #expect(try message(folder + "/model", ["w.bin"]).contains("hard links"))
      #expect(unlink(folder + "/secret") == 0)
      #expect(try message(folder + "/model", ["w.bin"]) == "")
    }
  }

  @Test func filesInFoldersBelowAndLinksWithinAreRead() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(
        atPath: folder + "/a/b", withIntermediateDirectories: true)
      try Data(count: 16).write(to: URL(filePath: folder + "/a/b/w.bin"))
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/link", withDestinationPath: "a/b")
      #expect(try message(folder, ["a/b/w.bin", "./a//b/w.bin", "link/w.bin"]) == "")
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/up", withDestinationPath: "..")
      let name = URL(filePath: folder).lastPathComponent
      #expect(try message(folder, ["up/\(name)/a/b/w.bin"]) == "")
      #expect(try message(folder, ["up/other"]).contains("is missing"))
      #expect(try message(folder, ["a/b"]).contains("is no regular file"))
      #expect(try message(folder, ["a/b/w.bin/more"]).contains("is missing"))
    }
  }

  @Test func manyTensorsDoNotShareOneLargeFile() throws {
    try withTemporaryFolder { folder in
      try Data(count: 32 << 20).write(to: URL(filePath: folder + "/w.bin"))
      let few = [String](repeating: "w.bin", count: 4)
      #expect(try message(folder, few, count: 8 << 20) == "")
      let many = [String](repeating: "w.bin", count: 100)
      #expect(try message(folder, many, count: 8 << 20).contains("far larger than the file"))
    }
  }

  @Test(.timeLimit(.minutes(1))) func manyNodesTakeLinearTime() throws {
    var nodes: [ONNXMessage] = []
    let count = 1 << 16
    // From the last to the first, so that they must be sorted; each with another operand left out.
    for index in (0..<count).reversed() {
      nodes.append(
        .node(
          index % 2 == 0 ? "Relu" : "Clip", index % 2 == 0 ? ["\(index)"] : ["\(index)", "", "c"],
          [index == count - 1 ? "y" : "\(index + 1)"]))
    }
    nodes.append(.node("Relu", ["x"], ["0"]))
    let bytes = ONNXMessage.model(nodes, initializers: [.tensor("c", 1, [])])
    let graph = try ONNXImporter.load(bytes: bytes, name: "m").graph
    #expect(graph.nodes.count == count + 1)
    #expect(graph.nodes.first?.inputs == graph.inputs && graph.nodes.last?.outputs == graph.outputs)
  }

  /// With a copy of all names for each body, this would take minutes.
  @Test(.timeLimit(.minutes(1))) func manyBodiesTakeLinearTime() throws {
    let count = 1 << 16
    var nodes: [ONNXMessage] = []
    for index in 0..<count {
      let from = index == 0 ? "x" : "\(index)"
      let branches = ["then_branch", "else_branch"].map { name in
        ONNXMessage.attribute(name, [.node("Relu", [from], ["r"])], outputs: ["r"])
      }
      nodes.append(
        .node("If", ["c"], [index == count - 1 ? "y" : "\(index + 1)"], attributes: branches))
    }
    let inputs = [ONNXMessage.value("x", [1]), ONNXMessage.value("c", [1], type: 9)]
    let bytes = ONNXMessage.model(nodes, inputs: inputs)
    let graph = try ONNXImporter.load(bytes: bytes, name: "m").graph
    #expect(graph.nodes.count == count && graph.nodes.allSatisfy { $0.bodies.count == 2 })
  }

  @Test func loopsWithEmptyBodiesAreNotUnrolledForever() throws {
    // Each counts to 4000 and hands its state on.
    let body = ONNXMessage.attribute(
      "body", [], inputs: ["i", "go", "s"], outputs: ["go", "s"])
    var nodes: [ONNXMessage] = []
    for index in 0..<100 {
      let from = index == 0 ? "x" : "\(index)"
      nodes.append(
        .node(
          "Loop", ["trips", "", from], [index == 99 ? "y" : "\(index + 1)"], attributes: [body]))
    }
    let trips = ONNXMessage.tensor("trips", 7, [0xA0, 0x0F, 0, 0, 0, 0, 0, 0], count: 1)
    let bytes = ONNXMessage.model(nodes, initializers: [trips])
    var graph = try ONNXImporter.load(bytes: bytes, name: "m").graph
    let values = graph.values.count
    _ = try GraphPass.foldConstants.apply(&graph)
    #expect(graph.values.count < values + 3 * (1 << 13))
  }

  @Test func moreNodesThanEntriesAreRefused() {
    let relu = ONNXMessage.node("Relu", ["x"], ["y"])
    let nodes = [ONNXMessage](repeating: relu, count: Limits.entries + 1)
    #expect(message(ONNXMessage.model(nodes)).contains("at most 1048576 are supported"))
  }

  @Test func everyGapIsNamedAtOnce() {
    let bytes = ONNXMessage.model(
      [
        .node("BatchNormalization", ["x", "x", "x", "x", "x"], ["a", "mean", "variance"]),
        .node("Add", ["mean", "s"], ["b"]),
        .node("Cast", ["a"], ["c"], attributes: [.attribute("to", 8)]),
        .node("Sum", ["a", "b", "c", "variance"], ["y"]),
      ], initializers: [.tensor("s", 8, [])])
    let text = message(bytes)
    #expect(text.hasPrefix("m: 3 things are not supported: "))
    #expect(
      text.contains("node 'BatchNormalization_0' (BatchNormalization, opset 18): it has the out"))
    #expect(text.contains("tensor 's' has type string, which is not supported (float32, "))
    #expect(text.contains("node 'Cast_2' (Cast, opset 18): a cast to string is not supported"))
  }

  @Test func everyInputOfAnotherTypeIsNamedAtOnce() {
    let text = message(
      ONNXMessage.model(
        [.node("Add", ["a", "b"], ["y"])],
        inputs: [.value("a", [1], type: 8), .value("b", [1], type: 14), .value("c", [1])]))
    #expect(text.contains("input 'a' has type string"))
    #expect(text.contains("input 'b' has type complex64"))
  }

  @Test func aThousandUnknownOperatorsMakeAShortMessage() {
    let nodes = (0..<1000).map { ONNXMessage.node("Op\($0)", ["x"], ["y\($0)"], domain: "d") }
    let text = message(ONNXMessage.model(nodes))
    #expect(text.hasPrefix("m: 1000 operators are not supported: d.Op0 (no opset given; node "))
    #expect(text.hasSuffix(" and 950 more (`pare ops` lists those that are)"))
    #expect(text.utf8.count < 5000)
  }
}
