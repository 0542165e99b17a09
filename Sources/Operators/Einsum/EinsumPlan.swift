import Kernels
import ModelFormat

/// An Einsum as sums over single operands and products of two.
struct EinsumPlan: Sendable {
  /// Where a step reads or writes: an input of the node, its output, or scratch memory from an element on.
  enum Place: Sendable {
    case input(Int)
    case scratch(Int)
    case output
  }

  /// One tensor on the way: its dimensions in memory order, each with its label.
  struct Term: Sendable {
    var place: Place
    var labels: [Int]
    var extents: [Int]
    var strides: [Int]

    var count: Int { extents.reduce(1, &*) }

    /// Whether the elements lie densely in the order of `labels`.
    func isDense(in order: [Int]) -> Bool {
      labels == order && strides == Shape(extents).strides
    }
  }

  /// What is done, in order.
  enum Step: Sendable {
    /// Copies or sums a term: `kept` dimensions in the order of the result, then those summed over.
    case gather(
      from: Place, to: Place, kept: [(extent: Int, stride: Int)],
      summed: [(extent: Int, stride: Int)])
    /// `batch` products of [m, k] with [k, n], each dense.
    case product(a: Place, b: Place, to: Place, batch: Int, m: Int, n: Int, k: Int)
  }

  /// The steps of one run.
  private(set) var steps: [Step] = []
  /// Elements of scratch memory.
  private(set) var scratchElements = 0
  /// The extents of the output.
  private(set) var shape: [Int] = []
  /// Multiply-accumulates of one run.
  private(set) var multiplyAccumulates = 0

  /// The plan for a node.
  init(_ facts: NodeFacts) throws(OperatorError) {
    guard facts.node.attributes["equation"] != nil else {
      throw .attribute(name: "equation", problem: "is missing")
    }
    var shapes: [Shape] = []
    for index in facts.inputs.indices { shapes.append(try facts.input(index).shape) }
    let equation = try EinsumEquation(
      try facts.string("equation", default: ""), ranks: shapes.map { $0.rank })
    let extents = try EinsumPlan.extents(equation, shapes)
    shape = equation.output.map { extents[$0] ?? 1 }
    guard shape.count <= Limits.rank, Shape(shape).checkedCount != nil else {
      throw .shapeMismatch("makes an output that is too large")
    }
    if shape.contains(0) { return }
    var terms = zip(equation.operands, shapes).enumerated().map { index, entry in
      EinsumPlan.term(.input(index), entry.0, entry.1, extents)
    }
    while terms.count > 1 {
      let a = terms.removeFirst()
      let b = terms.removeFirst()
      let needed = Set(equation.output + terms.flatMap { $0.labels })
      terms.insert(
        try contract(a, b, needed, isLast: terms.isEmpty, output: equation.output), at: 0)
    }
    if let last = terms.first {
      if case .output = last.place { return }
      add(last, to: .output, keeping: equation.output)
    }
  }

  /// The extent of each label.
  private static func extents(
    _ equation: EinsumEquation, _ shapes: [Shape]
  ) throws(OperatorError) -> [Int: Int] {
    var extents: [Int: Int] = [:]
    for (labels, shape) in zip(equation.operands, shapes) {
      for (label, extent) in zip(labels, shape.dimensions) {
        let known = extents[label] ?? 1
        guard known == extent || known == 1 || extent == 1 else {
          throw .shapeMismatch("one letter of the equation stands for \(known) and \(extent)")
        }
        extents[label] = known == 1 ? extent : known
      }
    }
    return extents
  }

  /// An operand as a term: letters that stand there twice walk along a diagonal, and dimensions of one
  /// that are larger elsewhere are left out.
  private static func term(
    _ place: Place, _ labels: [Int], _ shape: Shape, _ extents: [Int: Int]
  ) -> Term {
    var term = Term(place: place, labels: [], extents: [], strides: [])
    for (axis, label) in labels.enumerated() {
      let extent = extents[label] ?? 1
      let stride = shape[axis] == 1 ? 0 : shape.strides[axis]
      if let position = term.labels.firstIndex(of: label) {
        term.strides[position] &+= stride
      } else if shape[axis] == extent || labels.count(where: { $0 == label }) > 1 {
        term.labels.append(label)
        term.extents.append(extent)
        term.strides.append(stride)
      }
    }
    return term
  }

  /// The product of two terms, summed over letters that nothing else needs.
  private mutating func contract(
    _ a: Term, _ b: Term, _ needed: Set<Int>, isLast: Bool, output: [Int]
  ) throws(OperatorError) -> Term {
    let shared = a.labels.filter { b.labels.contains($0) }
    let batch = shared.filter { needed.contains($0) }
    let inner = shared.filter { !needed.contains($0) }
    let rows = a.labels.filter { needed.contains($0) && !shared.contains($0) }
    let columns = b.labels.filter { needed.contains($0) && !shared.contains($0) }
    let left = try dense(a, batch + rows + inner)
    let right = try dense(b, batch + inner + columns)
    func extent(_ labels: [Int], _ term: Term) -> Int {
      labels.reduce(1) { $0 &* term.extents[term.labels.firstIndex(of: $1) ?? 0] }
    }
    let labels = batch + rows + columns
    var result = Term(
      place: .output, labels: labels,
      extents: labels.map { label in
        left.labels.firstIndex(of: label).map { left.extents[$0] }
          ?? right.labels.firstIndex(of: label).map { right.extents[$0] } ?? 1
      }, strides: [])
    guard Shape(result.extents).checkedCount != nil else {
      throw .shapeMismatch("makes an intermediate result that is too large")
    }
    result.strides = Shape(result.extents).strides
    if !isLast || labels != output { result.place = try scratch(result.count) }
    let (m, n, k) = (extent(rows, left), extent(columns, right), extent(inner, left))
    let count = extent(batch, left)
    multiplyAccumulates = .saturatingSum(multiplyAccumulates, .saturatingProduct(count, m, n, k))
    steps.append(
      .product(a: left.place, b: right.place, to: result.place, batch: count, m: m, n: n, k: k))
    return result
  }

  /// A term with the letters of `order` alone, densely in that order.
  private mutating func dense(_ term: Term, _ order: [Int]) throws(OperatorError) -> Term {
    if term.isDense(in: order) { return term }
    let extents = order.map { label in
      term.labels.firstIndex(of: label).map { term.extents[$0] } ?? 1
    }
    let place = try scratch(extents.reduce(1, &*))
    add(term, to: place, keeping: order)
    return Term(place: place, labels: order, extents: extents, strides: Shape(extents).strides)
  }

  /// Adds a step that brings `term` to `place` with the letters of `order`.
  private mutating func add(_ term: Term, to place: Place, keeping order: [Int]) {
    let kept = order.map { label in
      term.labels.firstIndex(of: label).map { (extent: term.extents[$0], stride: term.strides[$0]) }
        ?? (extent: 1, stride: 0)
    }
    let summed = term.labels.indices.filter { !order.contains(term.labels[$0]) }
      .map { (extent: term.extents[$0], stride: term.strides[$0]) }
    steps.append(.gather(from: term.place, to: place, kept: kept, summed: summed))
  }

  /// Scratch memory for `count` elements, on whole vectors and with as much behind it.
  private mutating func scratch(_ count: Int) throws(OperatorError) -> Place {
    let start = scratchElements
    guard count <= 1 << 36, start <= 1 << 36 else {
      throw .unsupported("an Einsum whose intermediate results are this large")
    }
    scratchElements = start + (count + 31) / 16 * 16
    return .scratch(start)
  }
}
