import ArgumentParser
import Convert

/// How a verb says what came of it.
struct ResultOptions: ParsableArguments {
  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  /// Prints `report` as JSON or as the text of `words`.
  func print(_ report: some Encodable, _ words: () -> String) throws {
    if json { return try JSON.print(report) }
    if !quiet { Console.say(words()) }
  }

  /// What shows how much of `stage` is done.
  func progress(_ stage: String) -> (Double) -> Void {
    let display = ProgressDisplay(json || quiet || !Console.isTerminal ? .none : .auto)
    return { part in
      display.show(.init(stage: stage, done: Int(part * 1000), total: 1000))
      if part >= 1 { display.finish() }
    }
  }
}

/// Names of files that are derived from others.
enum FileNames {
  /// `path` with another extension.
  static func replacing(_ path: String, with suffix: String) -> String {
    let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else {
      return "\(path).\(suffix)"
    }
    return path.dropLast(name.distance(from: dot, to: name.endIndex)) + ".\(suffix)"
  }
}
