import Foundation
import ModelFormat
import TestSupport
import Testing

@testable import CommandLine

/// Names of strangers, on terminals and as names of files.
@Suite struct TerminalTests {
  /// Turns the direction around, hides, joins, breaks lines, clears the screen.
  static let harmful: [Unicode.Scalar] = [
    "\u{202E}", "\u{2066}", "\u{200B}", "\u{200D}", "\u{FEFF}", "\u{2028}", "\u{2029}", "\u{AD}",
    "\u{61C}", "\u{180E}", "\u{2060}", "\u{E0041}", "\u{FFF9}", "\u{3164}", "\u{E000}", "\u{FFFF}",
    "\u{1B}", "\u{9B}", "\u{7}", "\u{8}", "\r", "\u{0}", "\u{7F}",
  ]

  @Test func terminalsShowWhatTheyMustNotObey() {
    for scalar in Self.harmful {
      let text = Printable.text("a\(String(scalar))b")
      let digits = String(scalar.value, radix: 16, uppercase: true)
      #expect(text == "a\\u{\(digits)}b")
      let json = Printable.json("\"a\(String(scalar))b\"")
      #expect(json.unicodeScalars.allSatisfy { $0.isASCII && $0.value >= 32 })
      let decoded = try? JSONDecoder().decode(String.self, from: Data(json.utf8))
      #expect(decoded == "a\(String(scalar))b")
    }
    for text in ["größe", "重み\t1\n2", "вес", "poids/ß.0:1", "é", "🐈"] {
      #expect(Printable.text(text) == text && Printable.json(text) == text)
    }
    #expect(Page.escaped("<\u{202E}>") == "&lt;\\u{202E}&gt;")
  }

  @Test func namesOfAFileDoNotReachTheTerminal() throws {
    try withTemporaryFolder { folder in
      // The format has no control characters; all else it has.
      let name = "fc\u{202E}thgiew\u{200B}"
      var graph = Graph(name: "g\u{2066}")
      let x = graph.add(Value(name: "x\u{2028}", type: .float32, shape: [4]))
      let w = graph.addConstant(name, Tensor([1, 2, 3, 4], shape: [4]))
      let y = graph.add(Value(name: "../../\u{FEFF}y", type: .float32, shape: [4]))
      let z = graph.add(Value(name: "../..//y", type: .float32, shape: [4]))
      graph.inputs = [x]
      graph.outputs = [y, z]
      graph.nodes = [
        Node(name: "add\u{202E}", op: "Add", inputs: [x, w], outputs: [y]),
        Node(name: "again", op: "Add", inputs: [x, w], outputs: [z]),
      ]
      let path = "\(folder)/net.pare"
      try Data(ModelWriter(Model(graph: graph)).bytes()).write(to: URL(filePath: path))
      for words in [
        ["inspect", path, "--layers", "--tensors", "--memory"], ["inspect", path, "--outline"],
        ["inspect", path, "--json"], ["inspect", path, "--outline", "--json"],
        ["pare", "bench", path, "--runs", "1", "--profile"],
        ["pare", "run", path, "--output", folder],
      ] {
        let command = try Command(words)
        #expect(command.code == 0, "\(command.errors)")
        let text = (command.output + command.errors).unicodeScalars
        #expect(!text.contains { Self.harmful.contains($0) }, "\(words)")
      }
      // Two outputs of nearly one name are two files of the folder that was asked for.
      let outputs = try files(in: folder).filter { $0.hasSuffix(".npy") }
      #expect(outputs.count == 2 && outputs.allSatisfy { !$0.contains("/") })
      // An operator that is not known is named in the error.
      graph.nodes[0].op = "Ad\u{202E}d"
      try Data(ModelWriter(Model(graph: graph)).bytes()).write(to: URL(filePath: path))
      let command = try Command("pare", "run", path)
      #expect(command.code == 3 && command.errors.contains("Ad\\u{202E}d"), "\(command.errors)")
    }
  }

  @Test func filesOfOutputsHaveNamesOfTheirOwn() {
    #expect(
      RunResult.fileNames(["a/b", "a_b", "A_b", "..", ""]) == ["a_b", "a_b_2", "A_b_3", "..", ""])
    let long = RunResult.fileNames([String(repeating: "x", count: 1024)])
    #expect(long[0].count == 200)
  }
}
