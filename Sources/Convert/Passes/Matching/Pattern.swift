import ModelFormat

/// The form of a piece of a network: what a value may be computed from.
///
/// Patterns know what exporters vary: the order of operands, products that are associated another way,
/// a division in place of a product with the inverse. Numbers are constants of one element.
indirect enum Pattern: Sendable {
  /// Any value; where the name occurs twice, it must be the same value.
  case value(String)
  /// A constant of float32 elements.
  case constant(String)
  /// A number close to this one, within a relative difference of 2e-5.
  case number(Double)
  /// Any number, whatever it is.
  case anyNumber(String)
  /// A node of this operator with exactly these inputs, in either order where the operator commutes.
  case node(String, [Pattern])
  /// A node under a name, by which its attributes are looked at afterwards.
  case named(String, Pattern)
  /// A product of all of these and a number: any order, any association, quotients among them.
  case product([Pattern], times: Double = 1)
  /// A value times any number, or divided by it.
  case scaled(Pattern, String)
  /// Inside a product: what it is divided by.
  case inverse(Pattern)
  /// A value plus a number.
  case shifted(Pattern, by: Double)
  /// A value plus any number, such as an epsilon.
  case shiftedByAny(Pattern, String)
  /// One of these.
  case either([Pattern])

  /// `x²`: Pow(x, 2) or Mul(x, x).
  static func square(_ x: Pattern) -> Pattern {
    .either([.node("Pow", [x, .number(2)]), .node("Mul", [x, x])])
  }

  /// `√x`: Sqrt(x) or Pow(x, 0.5).
  static func root(_ x: Pattern) -> Pattern {
    .either([.node("Sqrt", [x]), .node("Pow", [x, .number(0.5)])])
  }

  /// The operators that the last node of what this describes may have.
  var roots: Set<String> {
    switch self {
    case .value, .constant, .number, .anyNumber: []
    case .node(let op, _): [op]
    case .named(_, let pattern): pattern.roots
    case .product, .scaled, .inverse: ["Mul", "Div", "Neg", "Reciprocal"]
    case .shifted, .shiftedByAny: ["Add", "Sub"]
    case .either(let choices): choices.reduce(into: []) { $0.formUnion($1.roots) }
    }
  }
}

/// Where a pattern was found.
struct Match {
  /// The values behind the names of the pattern.
  var values: [String: ValueID] = [:]
  /// The numbers behind the names of the pattern.
  var numbers: [String: Double] = [:]
  /// The positions of the nodes that have names.
  var nodes: [String: Int] = [:]
  /// All nodes that the pattern covers; the last one to run is the one it was looked for at.
  var covered: Set<Int> = []
  /// What the last node computes.
  var output: ValueID?

  /// The value behind a name that the pattern surely has.
  subscript(name: String) -> ValueID { values[name] ?? ValueID(0) }
}
