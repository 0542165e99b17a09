extension Derivative {
  /// Every derivative, one a line.
  static let table: [Derivative] = [
    .add,
    .changeLayout,
    .clip,
    .relu,
  ]

  /// The derivative of operator `op`, or nil where there is none.
  static func of(_ op: String) -> Derivative? { byName[op] }

  private static let byName = Dictionary(
    table.map { ($0.op, $0) }, uniquingKeysWith: { first, _ in first })
}
