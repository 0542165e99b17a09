/// A way to compress a model, to be ranked among others.
public struct RankMethod: Sendable {
  /// The name in tables.
  public let name: String
  /// What is done; where the result goes is up to the ranking.
  public let options: ConversionOptions
  /// The command that does the same.
  public let command: String

  /// A way to compress by the name of `name`.
  public init(name: String, options: ConversionOptions, command: String) {
    self.name = name
    self.options = options
    self.command = command
  }

  /// The name of the file that it makes.
  public var fileName: String {
    String(
      name.unicodeScalars.map { scalar in
        let isPlain =
          scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
        return isPlain || "._-+".unicodeScalars.contains(scalar) ? Character(scalar) : "_"
      }) + ".pare"
  }
}
