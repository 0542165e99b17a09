extension Operator {
  /// Every operator, one a line.
  public static let table: [Operator] = [
    .relu
  ]

  /// The operators by name.
  private static let byName = Dictionary(
    table.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

  /// The operator called `name`, or nil.
  public static func named(_ name: String) -> Operator? { byName[name] }
}
