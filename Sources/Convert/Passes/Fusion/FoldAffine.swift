import ModelFormat

extension GraphPass {
  /// A constant factor or summand behind a normalization joins its scale and bias.
  ///
  ///     LayerNormalization(x, s) -> Mul(w) -> Add(b)      becomes      LayerNormalization(x, s·w, b)
  ///     RMSNormalization(x, s) -> Mul(w)                  becomes      RMSNormalization(x, s·w)
  ///     GroupNormalization(x, s, b) -> Mul(w[C, 1, 1])    becomes      GroupNormalization(x, s·w, b·w)
  ///     BatchNormalization(x, s, b, …) -> Add(c)          becomes      BatchNormalization(x, s, b + c, …)
  ///
  /// InstanceNormalization likewise, and Div and Sub. A BatchNormalization behind a BatchNormalization
  /// is such a factor and summand too. Scales are computed in float64.
  static let foldAffine = GraphPass(
    name: "fold-affine", summary: "factors and summands behind normalizations join scale and bias"
  ) { graph in
    var editor = GraphEditor(graph)
    var changes = 0
    for position in graph.nodes.indices where editor.foldAffine(position) { changes += 1 }
    guard changes > 0 else { return 0 }
    graph = editor.finished()
    return changes
  }
}

/// What a node does to each element of its channel: multiplies, then adds.
struct Affine {
  /// The input that is no constant.
  var data: ValueID
  /// In the shape that broadcasts over the data.
  var factor: [Double]
  var summand: [Double]
  /// The dimensions that the numbers run along, from the first to the last, with the extents.
  var shape: [Int]
}

extension GraphEditor {
  /// Joins the node at `position` with the normalization before it; false where that cannot be.
  fileprivate mutating func foldAffine(_ position: Int) -> Bool {
    guard isThere(position), let affine = affine(position),
      let maker = maker(of: affine.data), onlyReader(of: affine.data) == position,
      let output = self[position].outputs[0], let shape = graph[affine.data].shape,
      graph[output].shape == shape
    else { return false }
    let norm = self[maker]
    guard norm.outputs.count == 1, norm.inputs.count > 1, norm.attributes["training_mode"] == nil
    else { return false }
    let isPerRow = norm.op == "LayerNormalization" || norm.op == "RMSNormalization"
    let isPerChannel =
      ["BatchNormalization", "GroupNormalization", "InstanceNormalization"].contains(norm.op)
      && norm.attributes["activation"] == nil
    guard isPerRow || isPerChannel, let scale = graph.floats(norm.inputs[1]) else { return false }
    // The extents that scale and bias run along.
    var extents = shape.dimensions
    if isPerRow {
      let axis = norm.attributes.integer("axis", default: -1)
      guard let first = shape.normalized(axis: axis) else { return false }
      for dimension in 0..<first { extents[dimension] = 1 }
    } else {
      for dimension in extents.indices where dimension != 1 { extents[dimension] = 1 }
    }
    guard let count = Shape(extents).checkedCount, affords(count),
      let factor = affine.spread(affine.factor, over: extents),
      let summand = affine.spread(affine.summand, over: extents),
      factor.count == scale.count || scale.count == 1
    else { return false }
    var bias: [Float]?
    if norm.inputs.count > 2, let id = norm.inputs[2] {
      guard let stated = graph.floats(id), stated.count == factor.count || stated.count == 1 else {
        return false
      }
      bias = stated
    }
    let scales = factor.indices.map { Float(factor[$0] * Double(scale[scale.count == 1 ? 0 : $0])) }
    let biases = factor.indices.map { index -> Float in
      let stated = bias.map { Double($0[$0.count == 1 ? 0 : index]) } ?? 0
      return Float(stated * factor[index] + summand[index])
    }
    let needsBias = bias != nil || summand.contains { $0 != 0 }
    guard (scales + biases).allSatisfy(\.isFinite), !needsBias || norm.op != "RMSNormalization"
    else { return false }
    let rows = isPerRow ? Shape(Array(extents.drop { $0 == 1 })) : Shape([factor.count])
    let constants = rows.rank == 0 ? Shape([1]) : rows
    guard constants.count == factor.count else { return false }
    var joined = norm
    joined.outputs = self[position].outputs
    joined.inputs[1] = addConstant(norm.name + ".scale", Tensor(scales, shape: constants))
    if needsBias {
      let id = addConstant(norm.name + ".bias", Tensor(biases, shape: constants))
      if joined.inputs.count > 2 { joined.inputs[2] = id } else { joined.inputs.append(id) }
    }
    replace(position, with: joined)
    remove(maker)
    return true
  }

  /// What the node at `position` multiplies its data with and adds to it, where that is constant.
  func affine(_ position: Int) -> Affine? {
    let node = self[position]
    if node.op == "BatchNormalization", node.attributes["training_mode"] == nil,
      node.attributes["activation"] == nil
    {
      return normalization(node)
    }
    guard ["Add", "Sub", "Mul", "Div"].contains(node.op), node.inputs.count == 2,
      let a = node.inputs[0], let b = node.inputs[1]
    else { return nil }
    let isSwapped = graph[b].constant == nil
    let (data, constant) = isSwapped ? (b, a) : (a, b)
    guard graph[data].constant == nil, graph[data].type == .float32,
      !isSwapped || node.op == "Add" || node.op == "Mul",
      let elements = graph.floats(constant), let shape = graph[constant].shape,
      let rank = graph[data].shape?.rank, shape.rank <= rank
    else { return nil }
    let numbers = elements.map { Double($0) }
    let ones = [Double](repeating: 1, count: numbers.count)
    let zeros = [Double](repeating: 0, count: numbers.count)
    let padded = [Int](repeating: 1, count: rank - shape.rank) + shape.dimensions
    return switch node.op {
    case "Add": Affine(data: data, factor: ones, summand: numbers, shape: padded)
    case "Sub": Affine(data: data, factor: ones, summand: numbers.map { -$0 }, shape: padded)
    case "Mul": Affine(data: data, factor: numbers, summand: zeros, shape: padded)
    default: Affine(data: data, factor: numbers.map { 1 / $0 }, summand: zeros, shape: padded)
    }
  }

  private func normalization(_ node: Node) -> Affine? {
    guard node.inputs.count == 5, let data = node.inputs[0],
      let rank = graph[data].shape?.rank, rank >= 2,
      let gamma = graph.floats(node.inputs[1]), let beta = graph.floats(node.inputs[2]),
      let mean = graph.floats(node.inputs[3]), let variance = graph.floats(node.inputs[4])
    else { return nil }
    let epsilon = Double(node.attributes.number("epsilon", default: 1e-5))
    let factor = gamma.indices.map {
      Double(gamma[$0]) / (Double(variance[$0]) + epsilon).squareRoot()
    }
    let summand = beta.indices.map { Double(beta[$0]) - factor[$0] * Double(mean[$0]) }
    var extents = [Int](repeating: 1, count: rank)
    extents[1] = gamma.count
    return Affine(data: data, factor: factor, summand: summand, shape: extents)
  }
}

extension Affine {
  /// The numbers in row-major order of `extents`, where they broadcast to just those.
  func spread(_ numbers: [Double], over extents: [Int]) -> [Double]? {
    guard numbers.count > 0, extents.count == shape.count,
      zip(shape, extents).allSatisfy({ $0 == 1 || $0 == $1 })
    else { return nil }
    let count = extents.reduce(1, *)
    if numbers.count == 1 { return Array(repeating: numbers[0], count: count) }
    if numbers.count == count { return numbers }
    var result: [Double] = []
    result.reserveCapacity(count)
    var index = [Int](repeating: 0, count: extents.count)
    for _ in 0..<count {
      var offset = 0
      for dimension in shape.indices {
        offset = offset * shape[dimension] + (shape[dimension] == 1 ? 0 : index[dimension])
      }
      result.append(numbers[offset])
      for dimension in extents.indices.reversed() {
        index[dimension] += 1
        if index[dimension] < extents[dimension] { break }
        index[dimension] = 0
      }
    }
    return result
  }
}
