import Foundation
import TestSupport
import Testing

/// What the commands print, word for word; RECORD_SNAPSHOTS=1 writes it anew.
@Suite struct TranscriptTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Snapshots")

  func expect(_ text: String, matches name: String) throws {
    let file = Self.folder.appending(path: name + ".txt")
    if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
      try Data(text.utf8).write(to: file)
      return
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    for (index, (found, wanted)) in zip(
      text.split(separator: "\n", omittingEmptySubsequences: false),
      expected.split(separator: "\n", omittingEmptySubsequences: false)
    ).enumerated() where found != wanted {
      Issue.record("\(name).txt, line \(index + 1): '\(found)' was '\(wanted)'")
      return
    }
    #expect(text == expected, "\(name).txt; RECORD_SNAPSHOTS=1 accepts the change")
  }

  static let verbs = [
    "convert", "inspect", "run", "bench", "evaluate", "rank", "verify", "export", "ops",
  ]

  @Test(arguments: verbs)
  func helpIsAsRecorded(_ verb: String) throws {
    let command = try Command("pare", verb, "--help")
    #expect(command.code == 0 && command.errors.isEmpty)
    #expect(command.output.contains("EXAMPLE"))
    try expect(command.output, matches: "help-\(verb)")
  }

  @Test func helpOfAllIsAsRecorded() throws {
    let command = try Command("pare", "--help")
    #expect(command.code == 0 && Self.verbs.allSatisfy { command.output.contains("\n  \($0)") })
    try expect(command.output, matches: "help")
  }

  @Test(arguments: ["convert", "inspect"])
  func commandsOfTheirOwnHaveTheSameHelp(_ verb: String) throws {
    let own = try Command(verb, "--help").output
    let both = try Command("pare", verb, "--help").output
    #expect(own.split(separator: "OPTIONS:").last == both.split(separator: "OPTIONS:").last)
  }

  @Test func operatorsAreAsRecorded() throws {
    let command = try Command("pare", "ops")
    #expect(command.code == 0 && command.errors.isEmpty)
    try expect(command.output, matches: "ops")
  }

  @Test func missingOperatorsAreAsRecorded() throws {
    let command = try Command(
      "pare", "ops", "--missing", "unknown-operators.onnx", in: Command.onnx)
    #expect(command.code == 3)
    try expect(command.output + command.errors, matches: "ops-missing")
    let none = try Command("pare", "ops", "--missing", Command.resnet)
    #expect(none.code == 0 && none.output.hasSuffix("every operator is supported\n"))
  }

  @Test(arguments: ["pare", "convert", "inspect"])
  func versionsAreNumbers(_ name: String) throws {
    let command = try Command(name, "--version")
    #expect(command.code == 0)
    #expect(command.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
  }

  @Test(arguments: ["pare", "convert"])
  func nothingToDoSaysHow(_ name: String) throws {
    let command = try Command(name)
    let text = command.output + command.errors
    #expect(command.code == (name == "pare" ? 0 : 2))
    #expect(text.contains("--help") || text.contains("USAGE"))
  }
}
