import ModelFormat

/// What a value is a product of, however the exporter associated it.
///
///     Mul(Mul(x, 0.5), Div(y, z))      is      0.5 · x · y · z⁻¹
struct Product {
  struct Factor {
    let value: ValueID
    let isInverse: Bool
  }

  /// The product of all numbers in it.
  private(set) var scale = 1.0
  /// What is no number.
  private(set) var factors: [Factor] = []
  /// The nodes that multiply.
  private(set) var nodes: [Int] = []

  /// More factors, or nodes, than any pattern has; keeps long chains from taking long.
  private static let limit = 8

  /// Nil where `id` is no product.
  init?(_ id: ValueID, _ editor: GraphEditor) {
    guard let position = editor.maker(of: id), expand(position, false, editor) else { return nil }
  }

  /// Adds the operands of the node at `position`; false where it does not multiply.
  private mutating func expand(_ position: Int, _ isInverse: Bool, _ editor: GraphEditor) -> Bool {
    let node = editor[position]
    let operands: [(ValueID, Bool)]
    switch node.op {
    case "Mul", "Div":
      guard node.inputs.count == 2, let a = node.inputs[0], let b = node.inputs[1] else {
        return false
      }
      operands = [(a, isInverse), (b, isInverse != (node.op == "Div"))]
    case "Neg", "Reciprocal":
      guard node.inputs.count == 1, let a = node.inputs[0] else { return false }
      if node.op == "Neg" { scale = -scale }
      operands = [(a, isInverse != (node.op == "Reciprocal"))]
    default: return false
    }
    nodes.append(position)
    for (value, isInverse) in operands {
      if let number = editor.number(value) {
        scale = isInverse ? scale / number : scale * number
      } else if factors.count < Self.limit, nodes.count < Self.limit,
        let inner = editor.maker(of: value),
        editor.onlyReader(of: value) == position, expand(inner, isInverse, editor)
      {
        continue
      } else {
        factors.append(Factor(value: value, isInverse: isInverse))
      }
    }
    return true
  }
}
