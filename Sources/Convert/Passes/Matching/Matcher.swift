import ModelFormat

/// Finds patterns in a graph.
struct Matcher {
  private let editor: GraphEditor

  init(_ editor: GraphEditor) { self.editor = editor }

  /// The match whose last node is at `position`.
  ///
  /// What lies inside it is read by nothing else, and is no graph output.
  func match(_ pattern: Pattern, at position: Int) -> Match? {
    let node = editor[position]
    guard node.outputs.count == 1, let output = node.outputs[0] else { return nil }
    var match = Match()
    match.output = output
    return matches(pattern, output, match).first { isClosed($0, root: position) }
  }

  private func isClosed(_ match: Match, root: Int) -> Bool {
    for position in match.covered where position != root {
      for case let id? in editor[position].outputs {
        if editor.isOutput(id) || !editor.readers[id.index].allSatisfy(match.covered.contains) {
          return false
        }
      }
    }
    return match.covered.contains(root)
  }

  /// All the ways in which `id` is what `pattern` says.
  private func matches(_ pattern: Pattern, _ id: ValueID, _ match: Match) -> [Match] {
    switch pattern {
    case .value(let name):
      if let known = match.values[name] { return known == id ? [match] : [] }
      var match = match
      match.values[name] = id
      return [match]
    case .constant(let name):
      guard editor.graph[id].constant != nil, editor.graph[id].type == .float32 else { return [] }
      return matches(.value(name), id, match)
    case .number(let expected):
      return number(id).map { isClose($0, expected) } == true ? [match] : []
    case .anyNumber(let name):
      guard let found = number(id) else { return [] }
      var match = match
      match.numbers[name] = found
      return [match]
    case .node(let op, let operands):
      guard let position = editor.maker(of: id), editor[position].op == op else { return [] }
      return matches(operands, of: position, match)
    case .named(let name, let inner):
      guard let position = editor.maker(of: id) else { return [] }
      var match = match
      if let known = match.nodes[name], known != position { return [] }
      match.nodes[name] = position
      return matches(inner, id, match)
    case .product(let factors, let scale):
      guard let product = Product(id, editor), product.factors.count == factors.count,
        isClose(product.scale, scale)
      else { return [] }
      var match = match
      match.covered.formUnion(product.nodes)
      return matches(factors, in: product.factors, match)
    case .scaled(let inner, let name):
      guard let product = Product(id, editor), product.factors.count == 1,
        let factor = product.factors.first, !factor.isInverse
      else { return [] }
      var match = match
      match.covered.formUnion(product.nodes)
      match.numbers[name] = product.scale
      return matches(inner, factor.value, match)
    case .inverse: return []  // means something inside a product only
    case .shifted(let inner, let offset):
      return shifts(id).filter { isClose($0.offset, offset) }.flatMap { shift in
        matches(inner, shift.value, match.covering(shift.position))
      }
    case .shiftedByAny(let inner, let name):
      return shifts(id).flatMap { shift in
        var match = match.covering(shift.position)
        match.numbers[name] = shift.offset
        return matches(inner, shift.value, match)
      }
    case .either(let choices):
      return choices.flatMap { matches($0, id, match) }
    }
  }

  private func matches(_ operands: [Pattern], of position: Int, _ match: Match) -> [Match] {
    let node = editor[position]
    guard node.inputs.count == operands.count, node.outputs.count == 1 else { return [] }
    var orders = [node.inputs]
    if operands.count == 2, Self.commuting.contains(node.op), node.inputs[0] != node.inputs[1] {
      orders.append(node.inputs.reversed())
    }
    return orders.flatMap { inputs in
      var found = [match.covering(position)]
      for (operand, input) in zip(operands, inputs) {
        guard let input else { return [Match]() }
        found = found.flatMap { matches(operand, input, $0) }
      }
      return found
    }
  }

  /// All the ways in which factors are what the patterns say, in any order.
  private func matches(
    _ patterns: [Pattern], in factors: [Product.Factor], _ match: Match
  ) -> [Match] {
    guard let pattern = patterns.first else { return [match] }
    return factors.indices.flatMap { chosen in
      var rest = factors
      let factor = rest.remove(at: chosen)
      var found: [Match]
      if case .inverse(let inner) = pattern {
        found = factor.isInverse ? matches(inner, factor.value, match) : []
      } else {
        found = factor.isInverse ? [] : matches(pattern, factor.value, match)
      }
      found = found.flatMap { matches(Array(patterns.dropFirst()), in: rest, $0) }
      return found
    }
  }

  private static let commuting: Set<String> = ["Add", "Mul", "Max", "Min", "And", "Or"]

  private func number(_ id: ValueID) -> Double? { editor.number(id) }

  private func isClose(_ a: Double, _ b: Double) -> Bool {
    abs(a - b) <= 2e-5 * max(abs(a), abs(b))
  }

  /// What `id` is a sum of: a value and a number.
  private func shifts(_ id: ValueID) -> [(value: ValueID, offset: Double, position: Int)] {
    guard let position = editor.maker(of: id) else { return [] }
    let node = editor[position]
    guard node.inputs.count == 2, let a = node.inputs[0], let b = node.inputs[1] else { return [] }
    switch node.op {
    case "Add":
      if let offset = number(b) { return [(a, offset, position)] }
      if let offset = number(a) { return [(b, offset, position)] }
    case "Sub":
      if let offset = number(b) { return [(a, -offset, position)] }
    default: break
    }
    return []
  }
}

extension Match {
  fileprivate func covering(_ position: Int) -> Match {
    var match = self
    match.covered.insert(position)
    return match
  }
}

extension GraphEditor {
  /// The number that a constant of one float32 element is.
  func number(_ id: ValueID?) -> Double? {
    guard let id, let tensor = graph[id].constant, tensor.shape.count == 1,
      graph[id].type == .float32
    else { return nil }
    return tensor.floats().first.map { Double($0) }
  }
}
