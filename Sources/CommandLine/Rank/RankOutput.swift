import Convert
import ModelFormat

/// Where a ranking's report goes.
struct RankOutput: Sendable {
  let isJSON: Bool
  /// The page to write, if any.
  let page: String?

  /// Prints the report and writes the page.
  func write(_ report: RankReport) throws {
    if isJSON { try JSON.print(report) } else { Console.say(RankText.describe(report)) }
    guard let page else { return }
    let bytes = Bytes(Array(RankPage(report).text.utf8))
    try AtomicFile.write(to: page) { (sink) throws(FileError) in
      try bytes.withUnsafeBytes { (buffer) throws(FileError) in try sink(buffer) }
    }
  }
}
