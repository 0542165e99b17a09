import ModelFormat

extension GraphPass {
  /// Constants before a product with weights join them.
  ///
  ///     Mul(x, s[C, 1, 1]) -> Conv(W, b)            becomes      Conv(W·s, b)
  ///     Add(x, t[C, 1, 1]) -> Conv(W, b)            becomes      Conv(W, b + Σ W·t), without padding
  ///     BatchNormalization -> Conv                  likewise: it is a factor and a summand
  ///     Mul(x, s[k]) -> Gemm(W, b)                  becomes      Gemm(W·s, b); Add likewise
  ///
  /// Only where nothing else reads the result before the product, or the weights: there would be more
  /// of them. Sums in float64.
  static let foldInputScale = GraphPass(
    name: "fold-input-scale", summary: "factors and summands before Conv and Gemm join the weights"
  ) { graph in
    var editor = GraphEditor(graph)
    var changes = 0
    // Backwards: a row of such nodes folds from the one next to the product.
    for position in graph.nodes.indices.reversed() {
      while editor.foldInputScale(position) { changes += 1 }
    }
    guard changes > 0 else { return 0 }
    graph = editor.finished()
    return changes
  }
}

extension GraphEditor {
  fileprivate mutating func foldInputScale(_ position: Int) -> Bool {
    let node = self[position]
    guard node.op == "Conv" || node.op == "Gemm" && node.isPlainProduct, node.inputs.count <= 3,
      let scaled = node.inputs[0], let maker = maker(of: scaled),
      onlyReader(of: scaled) == position,
      let affine = affine(maker), let shape = graph[scaled].shape,
      graph[affine.data].shape == shape, let weights = node.inputs[1],
      let tensor = graph[weights].constant, onlyReader(of: weights) == position,
      tensor.quantization == nil,
      graph[weights].type == .float32, tensor.type == .float32, tensor.shape.rank >= 2
    else { return false }
    let axis = node.op == "Conv" ? 1 : shape.rank - 1
    var extents = [Int](repeating: 1, count: shape.rank)
    guard shape.rank > axis, shape.rank >= 2 else { return false }
    extents[axis] = shape[axis]
    guard let factor = affine.spread(affine.factor, over: extents),
      let summand = affine.spread(affine.summand, over: extents)
    else { return false }
    let isShifted = summand.contains { $0 != 0 }
    // Padding is zeros behind the summand, so that the border would differ.
    if isShifted, node.op == "Conv", !node.isWithoutPadding { return false }
    let groups = node.op == "Conv" ? node.attributes.integer("group", default: 1) : 1
    let outputs = tensor.shape[0]
    let inputs = tensor.shape[1]
    // Groups that divide a number above zero are few: their product cannot overflow.
    guard outputs > 0, inputs > 0, groups > 0, outputs % groups == 0,
      inputs * groups == factor.count
    else { return false }
    let size = tensor.shape.count / (outputs * inputs)
    var elements = tensor.floats()
    var bias = [Double](repeating: 0, count: outputs)
    if node.inputs.count > 2, let id = node.inputs[2] {
      guard let stated = graph.floats(id), stated.count == outputs else { return false }
      bias = stated.map { Double($0) }
    }
    for output in 0..<outputs {
      let first = output / (outputs / groups) * inputs
      for input in 0..<inputs {
        let from = (output * inputs + input) * size
        for index in from..<(from + size) {
          bias[output] += Double(elements[index]) * summand[first + input]
          elements[index] = Float(Double(elements[index]) * factor[first + input])
        }
      }
    }
    guard elements.allSatisfy(\.isFinite), bias.allSatisfy({ Float($0).isFinite }) else {
      return false
    }
    var folded = node
    folded.inputs[0] = affine.data
    folded.inputs[1] = addConstant(
      graph[weights].name + ".scaled", Tensor(elements, shape: tensor.shape))
    if isShifted {
      let id = addConstant(node.name + ".bias", Tensor(bias.map { Float($0) }, shape: [outputs]))
      if folded.inputs.count > 2 { folded.inputs[2] = id } else { folded.inputs.append(id) }
    }
    replace(position, with: folded)
    remove(maker)
    return true
  }
}

extension Node {
  /// Whether a Conv reads no border.
  fileprivate var isWithoutPadding: Bool {
    if case .string(let automatic)? = attributes["auto_pad"], automatic != "NOTSET",
      automatic != "VALID"
    {
      return false
    }
    guard case .ints(let pads)? = attributes["pads"] else { return true }
    return pads.allSatisfy { $0 == 0 }
  }

  /// Whether a Gemm is `x·Wᵀ + b` and nothing more.
  fileprivate var isPlainProduct: Bool {
    attributes["transB"] == .int(1) && attributes.integer("transA", default: 0) == 0
      && attributes.number("alpha", default: 1) == 1 && attributes.number("beta", default: 1) == 1
      && attributes["activation"] == nil
  }
}
