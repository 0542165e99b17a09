public import ArgumentParser
public import Convert
public import ModelFormat

extension ConversionOptions.Pruning: ExpressibleByArgument {
  /// `0.5`, `2:4` or `block:0.75`.
  public init?(argument: String) {
    func fraction(_ text: some StringProtocol) -> Double? {
      let number =
        text.hasSuffix("%") ? Double(text.dropLast()).map { $0 / 100 } : Double(String(text))
      return number.flatMap { $0 >= 0 && $0 <= 1 ? $0 : nil }
    }
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    if parts.count == 1, let fraction = fraction(argument) {
      self = .unstructured(fraction)
    } else if parts.count == 2, parts[0] == "block", let fraction = fraction(parts[1]) {
      self = .block(fraction)
    } else if parts.count == 2, let keep = Int(parts[0]), let of = Int(parts[1]), keep >= 1,
      keep <= of, (2...64).contains(of)
    {
      self = .pattern(keep: keep, of: of)
    } else {
      return nil
    }
  }

  /// The forms for help and errors.
  public static var allValueStrings: [String] { ["0.5", "2:4", "block:0.75"] }
}

extension ConversionOptions.PruningScope: ExpressibleByArgument {}
extension ConversionOptions.Quantization: ExpressibleByArgument {}
extension ConversionOptions.CalibrationMethod: ExpressibleByArgument {}

extension Encoding: ExpressibleByArgument {
  /// An encoding by the name that `inspect` prints, or `auto` handled by the caller.
  public init?(argument: String) {
    guard let encoding = Encoding.allCases.first(where: { $0.name == argument }) else {
      return nil
    }
    self = encoding
  }

  /// The names for help and errors.
  public static var allValueStrings: [String] { allCases.map(\.name) }
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
