/// Text as a terminal may show it.
///
/// Names come from model files, which anybody can write: a terminal obeys control characters, and
/// invisible ones or those that turn the direction of writing around make a line say what it does not.
enum Printable {
  /// `text` with such characters as `\u{202E}`; line feeds and tabs stay.
  static func text(_ text: String) -> String { escaping(text) { "\\u{\(hexadecimal($0.value))}" } }

  /// JSON with such characters as `\u202e`: they stand in strings alone, where that means the same.
  static func json(_ text: String) -> String {
    escaping(text) { scalar in
      String(scalar).utf16.map { unit in
        let digits = hexadecimal(UInt32(unit)).lowercased()
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }.joined()
    }
  }

  private static func escaping(_ text: String, _ escape: (Unicode.Scalar) -> String) -> String {
    if text.unicodeScalars.allSatisfy({ !isHarmful($0) }) { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if isHarmful(scalar) {
        result += escape(scalar)
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == "\n" || scalar == "\t" { return false }
    if scalar.isASCII { return scalar.value < 32 || scalar.value == 127 }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
      return true
    default: return scalar.properties.isDefaultIgnorableCodePoint
    }
  }

  private static func hexadecimal(_ value: UInt32) -> String {
    String(value, radix: 16, uppercase: true)
  }
}
