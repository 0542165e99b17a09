public import ArgumentParser
public import Convert
public import ModelFormat

extension ConversionOptions.Pruning {
  /// The specification that `text` says: `0.5`, `50%`, `2:4` or `block:0.75`.
  static func parse(_ text: String) throws -> Self {
    func fraction(_ text: some StringProtocol) throws -> Double {
      let number =
        text.hasSuffix("%") ? Double(text.dropLast()).map { $0 / 100 } : Double(String(text))
      guard let number, number >= 0, number <= 1 else {
        throw ValidationError(
          "'\(text)' is no fraction from 0 to 1; 0.5, 2:4 and block:0.75 are examples")
      }
      return number
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    if parts.count == 1 { return .unstructured(try fraction(text)) }
    if parts.count == 2, parts[0] == "block" { return .block(try fraction(parts[1])) }
    if parts.count == 2, parts[0] == "channels" {
      throw ValidationError("'channels:' (structured pruning) is not supported yet")
    }
    guard parts.count == 2, let keep = Int(parts[0]), let of = Int(parts[1]), keep >= 1, keep <= of,
      (2...64).contains(of)
    else {
      throw ValidationError("'\(text)' is none of: a fraction such as 0.5, 2:4, block:0.75")
    }
    return .pattern(keep: keep, of: of)
  }
}

extension ConversionOptions.LayerRule {
  /// The rule that `text` says: `REGEX=MODE`, `REGEX=prune=0.3` or `REGEX=MODE,prune=0.3`.
  static func parse(_ text: String) throws -> Self {
    var problem = "no setting follows a '='"
    // An expression may hold an equals sign itself: the first behind which all is settings counts.
    for equals in text.indices where text[equals] == "=" && equals > text.startIndex {
      var rule = Self(String(text[..<equals]))
      do {
        for setting in text[text.index(after: equals)...].split(
          separator: ",", omittingEmptySubsequences: false)
        {
          try rule.apply(String(setting))
        }
        return rule
      } catch let error as ValidationError { problem = error.message }
    }
    throw ValidationError(
      "'\(text)': \(problem); 'conv1=none' and 'head.*=int8,prune=0.3' are examples")
  }

  private mutating func apply(_ setting: String) throws {
    if setting.hasPrefix("prune=") {
      pruning = try .parse(String(setting.dropFirst("prune=".count)))
      return
    }
    let modes = ConversionOptions.Quantization.allCases.filter { $0 != .auto }
    guard let mode = modes.first(where: { $0.rawValue == setting }) else {
      throw ValidationError(
        "'\(setting)' is neither prune=SPEC nor one of "
          + modes.map(\.rawValue).joined(separator: ", "))
    }
    quantization = mode
  }
}

extension ConversionOptions.PruningScope: ExpressibleByArgument {}
extension ConversionOptions.PruningMethod: ExpressibleByArgument {}
extension ConversionOptions.Quantization: ExpressibleByArgument {}
extension ConversionOptions.CalibrationMethod: ExpressibleByArgument {}
extension ConversionOptions.Effort: ExpressibleByArgument {}
extension ConversionOptions.Switch: ExpressibleByArgument {}
extension ConversionOptions.Grid: ExpressibleByArgument {}
extension ConversionOptions.Rounding: ExpressibleByArgument {}
extension ConversionOptions.Target: ExpressibleByArgument {}

extension ConversionOptions {
  /// A number of bits from 2 to 8.
  static func parseWeightBits(_ text: String) throws -> Int {
    guard let bits = Int(text), (2...8).contains(bits) else {
      throw ValidationError("'\(text)' is no number from 2 to 8")
    }
    return bits
  }

  /// Seconds between checkpoints: a length of time, or 0 for none.
  static func parseCheckpoints(_ text: String) throws -> Double {
    if Double(text) == 0 { return 0 }
    guard let time = Duration(argument: text) else {
      throw ValidationError("'\(text)' is no length of time; 60, 90s, 5m and 0 are examples")
    }
    return time.seconds
  }
}

extension Encoding: ExpressibleByArgument {
  /// An encoding by the name that `inspect` prints, or `auto` handled by the caller.
  public init?(argument: String) {
    guard let encoding = Self.choices.first(where: { $0.name == argument }) else { return nil }
    self = encoding
  }

  /// The names for help and errors.
  public static var allValueStrings: [String] { choices.map(\.name) }
}

/// A fraction written as `0.01` or `1%`.
struct Fraction: ExpressibleByArgument {
  let value: Double

  init?(argument: String) {
    let number =
      argument.hasSuffix("%")
      ? Double(argument.dropLast()).map { $0 / 100 } : Double(argument)
    guard let number, number >= 0, number <= 1 else { return nil }
    value = number
  }
}

/// A number of bytes written as `1500000`, `500MB` or `2GiB`.
struct ByteCount: ExpressibleByArgument {
  let value: Int

  init?(argument: String) {
    let units: [(suffix: String, factor: Double)] = [
      ("kib", 1_024), ("mib", 1_048_576), ("gib", 1_073_741_824), ("kb", 1e3), ("mb", 1e6),
      ("gb", 1e9),
      ("k", 1e3), ("m", 1e6), ("g", 1e9), ("b", 1), ("", 1),
    ]
    let text = argument.lowercased()
    guard let unit = units.first(where: { text.hasSuffix($0.suffix) }),
      let number = Double(text.dropLast(unit.suffix.count).filter { $0 != " " && $0 != "_" }),
      number > 0, number * unit.factor < 1e15
    else { return nil }
    value = Int(number * unit.factor)
  }
}

/// A length of time written as `5ms`, `90s`, `10m`, `1h`, or seconds without a unit.
struct Duration: ExpressibleByArgument {
  let seconds: Double

  init?(argument: String) {
    let units: [(suffix: String, factor: Double)] = [
      ("ms", 1e-3), ("us", 1e-6), ("s", 1), ("m", 60), ("min", 60), ("h", 3600), ("", 1),
    ]
    let text = argument.lowercased()
    let known = units.filter { text.hasSuffix($0.suffix) }.sorted {
      $0.suffix.count > $1.suffix.count
    }
    guard let unit = known.first,
      let number = Double(text.dropLast(unit.suffix.count).filter { $0 != " " }), number > 0,
      number * unit.factor < 1e9
    else { return nil }
    seconds = number * unit.factor
  }
}
