import Foundation

/// Numbers and tables as people read them.
enum Text {
  /// `3.62 MB`, `812 B`; units of a thousand, as file managers and the market count.
  static func bytes(_ count: Int) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(count)
    var unit = 0
    while value >= 1000, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0 ? "\(count) B" : String(format: "%.2f %@", value, units[unit])
  }

  /// `3,469,760`.
  static func count(_ number: Int) -> String {
    var digits = String(abs(number))
    var grouped = ""
    while digits.count > 3 {
      grouped = "," + digits.suffix(3) + grouped
      digits.removeLast(3)
    }
    return (number < 0 ? "-" : "") + digits + grouped
  }

  /// `83.7 %`.
  static func percent(_ fraction: Double, digits: Int = 1) -> String {
    String(format: "%.\(digits)f %%", fraction * 100)
  }

  /// Lines with columns of even width; numbers are set flush right.
  static func table(_ rows: [[String]], header: [String]? = nil, indent: String = "  ") -> String {
    let all = (header.map { [$0] } ?? []) + rows
    let columns = all.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      all.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    let isNumeric = (0..<columns).map { column in
      rows.contains { column < $0.count && $0[column].first?.isNumber == true }
        && rows.allSatisfy { row in
          guard column < row.count, let first = row[column].first else { return true }
          return first.isNumber || first == "-" || first == "+"
        }
    }
    return all.map { row in
      indent
        + row.enumerated().map { column, cell in
          let padding = String(repeating: " ", count: widths[column] - cell.count)
          return isNumeric[column]
            ? padding + cell : column == row.count - 1 ? cell : cell + padding
        }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}

/// Results as JSON: one object on standard output, keys in snake case, sorted.
enum JSON {
  static func print(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    Swift.print(Printable.json(String(decoding: try encoder.encode(value), as: UTF8.self)))
  }
}
