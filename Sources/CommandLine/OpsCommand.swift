public import ArgumentParser
import Convert
import Operators

/// `pare ops`.
public struct OpsCommand: ParsableCommand {
  /// Name and help.
  public static let configuration = CommandConfiguration(
    commandName: "ops",
    abstract: "List the operators that are supported, or those that a model lacks.",
    discussion: """
      EXAMPLE
        pare ops --missing model.onnx
      """)

  @Option(
    help: ArgumentHelp("List what this model needs and is not there.", valueName: "model.onnx"))
  var missing: String?

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  /// For the argument parser.
  public init() {}

  /// Prints the list; exit code 3 where a model lacks operators.
  public func run() throws {
    guard let missing else {
      let operators = Operator.table.map { Listed($0) }.sorted { $0.name < $1.name }
      if json { return try JSON.print(["operators": operators]) }
      Console.say(
        Text.table(operators.map { [$0.name, "\($0.since)"] }, header: ["operator", "opset"]))
      return
    }
    var lacking: [Missing] = []
    do {
      _ = try reporting { try LoadedModel(path: missing) }
    } catch let failure as Failure {
      guard failure.outcome == .unsupported else { throw failure }
      lacking = try Self.missingOperators(missing)
      if lacking.isEmpty { throw failure }
    }
    if json {
      try JSON.print(["missing": lacking])
    } else if lacking.isEmpty {
      Console.say("\(missing): every operator is supported")
    } else {
      Console.say(
        Text.table(
          lacking.map { [$0.op, "\($0.nodes.count)", $0.nodes.prefix(3).joined(separator: ", ")] },
          header: ["operator", "nodes", "among them"]))
    }
    if !lacking.isEmpty { throw Failure(outcome: .unsupported, message: "") }
  }

  private static func missingOperators(_ path: String) throws -> [Missing] {
    do throws(ImportError) { _ = try ONNXImporter.load(path: path) } catch {
      return error.problem.missingOperators.map {
        Missing(op: $0.op, domain: $0.domain, nodes: $0.nodes)
      }
    }
    return []
  }

  /// An operator that is supported.
  struct Listed: Encodable {
    let name: String
    let since: Int
    let domain: String

    init(_ op: Operator) {
      name = op.name
      since = op.since
      // Operators of other domains have those in their names.
      domain = op.name.lastIndex(of: ".").map { String(op.name[..<$0]) } ?? "ai.onnx"
    }
  }

  /// An operator that a model needs and that is not there.
  struct Missing: Encodable {
    let op: String
    let domain: String
    let nodes: [String]
  }
}
