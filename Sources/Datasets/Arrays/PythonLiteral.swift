/// A reader of the Python literals that occur in `.npy` headers.
struct PythonLiteral {
  /// A literal.
  ///
  /// Lists, which describe records, are recognised but not kept.
  enum Value: Hashable {
    case string(String)
    case bool(Bool)
    case int(Int)
    case tuple([Int])
    case dictionary([String: Value])
    case list
  }

  private let text: [UInt8]
  private var position = 0

  /// A reader of `text`.
  init(_ text: [UInt8]) { self.text = text }

  /// Whether nothing but white space is left.
  var isAtEnd: Bool {
    mutating get {
      skipSpace()
      return position == text.count
    }
  }

  /// The next literal, or nil where there is none.
  ///
  /// Dictionaries are read at the top only, so that no input makes this deep.
  mutating func value() -> Value? { take("{") ? dictionary() : scalar() }

  private mutating func dictionary() -> Value? {
    var fields: [String: Value] = [:]
    while !take("}") {
      guard case .string(let key)? = scalar(), take(":"), let value = scalar(),
        fields.updateValue(value, forKey: key) == nil
      else { return nil }
      guard take(",") else { return take("}") ? .dictionary(fields) : nil }
    }
    return .dictionary(fields)
  }

  private mutating func scalar() -> Value? {
    if take("(") { return tuple() }
    if take("[") { return list() }
    if take("'") { return string(until: UInt8(ascii: "'")) }
    if take("\"") { return string(until: UInt8(ascii: "\"")) }
    if take("True") { return .bool(true) }
    if take("False") { return .bool(false) }
    return int().map(Value.int)
  }

  private mutating func tuple() -> Value? {
    var elements: [Int] = []
    while !take(")") {
      guard let element = int() else { return nil }
      elements.append(element)
      guard take(",") else { return take(")") ? .tuple(elements) : nil }
    }
    return .tuple(elements)
  }

  /// Skips to the end of a list, whose elements may be nested.
  private mutating func list() -> Value? {
    var depth = 1
    while position < text.count, depth > 0 {
      if text[position] == UInt8(ascii: "[") { depth += 1 }
      if text[position] == UInt8(ascii: "]") { depth -= 1 }
      position += 1
    }
    return depth == 0 ? .list : nil
  }

  private mutating func string(until quote: UInt8) -> Value? {
    let start = position
    while position < text.count, text[position] != quote { position += 1 }
    guard position < text.count else { return nil }
    defer { position += 1 }
    return .string(String(decoding: text[start..<position], as: UTF8.self))
  }

  /// A whole number without sign; Python 2 wrote an `L` after large ones.
  private mutating func int() -> Int? {
    skipSpace()
    let start = position
    while position < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[position]) {
      position += 1
    }
    // Nil where there are no digits, and where there are too many.
    let value = Int(String(decoding: text[start..<position], as: UTF8.self))
    _ = take("L")
    return value
  }

  private mutating func skipSpace() {
    while position < text.count, [0x20, 0x09, 0x0A].contains(text[position]) { position += 1 }
  }

  /// Moves behind `token` where it comes next; tells whether it does.
  private mutating func take(_ token: StaticString) -> Bool {
    skipSpace()
    return token.withUTF8Buffer { token in
      guard text[position...].starts(with: token) else { return false }
      position += token.count
      return true
    }
  }
}
