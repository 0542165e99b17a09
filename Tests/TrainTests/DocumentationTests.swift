import Foundation
import Testing

@testable import Train

@Suite struct DocumentationTests {
  @Test func everyDerivativeHasItsRow() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../docs/Training.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    let section = try #require(text.components(separatedBy: "## Derivatives").last)
      .components(separatedBy: "## ")[0]
    var stated: [String] = []
    for line in section.split(separator: "\n") where line.hasPrefix("| ") {
      let name = line.split(separator: "|")[0].trimmingCharacters(in: .whitespaces)
      if name != "operator" { stated.append(name) }
    }
    #expect(stated == Derivative.table.map { $0.op }, "docs/Training.md, in the table's order")
    #expect(Set(stated).count == stated.count)
  }
}
