public import ArgumentParser
public import Convert
import Foundation
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
    let example = "'conv1=none' and 'head.*=int8,prune=0.3' are examples"
    // Expressions may hold an equals sign themselves: what is said comes last.
    var settings = text[...]
    var pattern = ""
    guard let last = text.range(of: "=(?=[^=]*$|prune=|[a-z0-9-]+,prune=)", options: .regularExpression)
    else { throw ValidationError("'\(text)' says nothing of any layer; \(example)") }
    pattern = String(text[..<last.lowerBound])
    settings = text[last.upperBound...]
    var rule = Self(pattern)
    for setting in settings.split(separator: ",", omittingEmptySubsequences: false) {
      if setting.hasPrefix("prune=") {
        rule.pruning = try .parse(String(setting.dropFirst("prune=".count)))
      } else if let mode = ConversionOptions.Quantization(rawValue: String(setting)), mode != .auto {
        rule.quantization = mode
      } else {
        let modes = ConversionOptions.Quantization.allCases.filter { $0 != .auto }.map(\.rawValue)
        throw ValidationError(
          "'\(setting)' in '\(text)' is neither prune=SPEC nor one of "
            + modes.joined(separator: ", ") + "; \(example)")
      }
    }
    guard !pattern.isEmpty else { throw ValidationError("'\(text)' names no layer; \(example)") }
    return rule
  }
}

extension ConversionOptions.PruningScope: ExpressibleByArgument {}
extension ConversionOptions.Quantization: ExpressibleByArgument {}
extension ConversionOptions.CalibrationMethod: ExpressibleByArgument {}
extension ConversionOptions.Effort: ExpressibleByArgument {}
extension ConversionOptions.Switch: ExpressibleByArgument {}
extension ConversionOptions.Target: ExpressibleByArgument {}

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
