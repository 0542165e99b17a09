import ModelFormat

extension GraphPass {
  /// Normalization after a convolution becomes part of its weights and bias.
  ///
  ///     Conv(W, b) -> BatchNormalization(γ, β, μ, σ²)      becomes      Conv(k·W, k·(b - μ) + β)
  ///
  /// with k = γ / √(σ² + ε) for each output channel, computed in float64. Gemm likewise.
  static let foldBatchNormalization = GraphPass(
    name: "fold-batch-normalization", summary: "BatchNormalization folds into Conv and Gemm"
  ) { graph in
    var changes = 0
    let index = GraphIndex(graph)
    var names = FreshNames(graph)
    var budget = GrowthBudget(graph)
    for position in graph.nodes.indices {
      let node = graph.nodes[position]
      guard node.op == "BatchNormalization", node.attributes["training_mode"] == nil,
        node.attributes["activation"] == nil, let input = node.inputs[0],
        let output = node.outputs[0], let producer = index.producer[input.index],
        index.onlyConsumer(of: input) == position,
        let gamma = graph.floats(node.inputs[1]), let beta = graph.floats(node.inputs[2]),
        let mean = graph.floats(node.inputs[3]), let variance = graph.floats(node.inputs[4]),
        // Channels are dimension 1: what a product makes only where there are no more than two.
        graph.nodes[producer].op == "Conv" || graph[input].shape?.rank == 2
      else { continue }
      var epsilon: Float = 1e-5
      if case .float(let stated)? = node.attributes["epsilon"] { epsilon = stated }
      let factors = zip(gamma, variance).map {
        Double($0) / (Double($1) + Double(epsilon)).squareRoot()
      }
      let shifts = beta.indices.map { Double(beta[$0]) - factors[$0] * Double(mean[$0]) }
      guard
        graph.scaleOutputs(
          of: producer, by: factors, plus: shifts, names: &names, budget: &budget)
      else { continue }
      graph.nodes[producer].outputs[0] = output
      graph.nodes[position].outputs = [input]  // dead now; the next clean-up removes it
      graph.nodes[position].op = "Identity"
      graph.nodes[position].inputs = [output]
      graph.nodes[position].attributes = [:]
      changes += 1
    }
    if changes > 0 { _ = try? GraphPass.removeDeadNodes.apply(&graph) }
    return changes
  }
}

extension Graph {
  /// Multiplies output channel `c` of node `position` by `factors[c]` and adds `shifts[c]`.
  ///
  /// Returns false, and changes nothing, unless the node is a Conv or Gemm with constant weights that
  /// nobody else reads, and without activation, all numbers are finite, and `budget` allows it.
  mutating func scaleOutputs(
    of position: Int, by factors: [Double], plus shifts: [Double], names: inout FreshNames,
    budget: inout GrowthBudget
  ) -> Bool {
    let node = nodes[position]
    // What follows within the node, a residual or an activation, is not scaled along.
    let onlyShifts = factors.allSatisfy { $0 == 1 }
    guard node.op == "Conv" || node.op == "Gemm",
      onlyShifts || node.attributes["activation"] == nil && node.inputs.count <= 3,
      let weights = node.inputs[1], let tensor = self[weights].constant,
      self[weights].type == .float32,
      node.op == "Conv" || node.attributes["transB"] == .int(1) && node.hasPlainBias,
      tensor.shape[0] == factors.count,
      (factors + shifts).allSatisfy({ Float($0).isFinite })
    else { return false }
    var bias = [Float](repeating: 0, count: factors.count)
    if node.inputs.count > 2, let id = node.inputs[2] {
      guard let stated = floats(id), self[id].shape?.dimensions.last == bias.count,
        stated.count == bias.count
      else { return false }
      bias = stated
    }
    let scales = factors.contains { $0 != 1 }
    let bytes = 4 * (factors.count + (scales ? tensor.shape.count : 0))
    guard budget.take(bytes: bytes, work: bytes) else { return false }
    if scales {
      let scaled = tensor.scaledRows { Float(factors[$0]) }
      nodes[position].inputs[1] = addConstant(
        names.name(self[weights].name + ".folded"), scaled, as: .float32)
    }
    let folded = bias.indices.map { Float(Double(bias[$0]) * factors[$0] + shifts[$0]) }
    let name = names.name(node.name + ".bias")
    let id = addConstant(name, Tensor(folded, shape: [folded.count]))
    if node.inputs.count > 2 {
      nodes[position].inputs[2] = id
    } else {
      nodes[position].inputs.append(id)
    }
    return true
  }
}

extension Node {
  /// Whether a Gemm adds its bias as it is.
  fileprivate var hasPlainBias: Bool {
    switch attributes["beta"] {
    case .float(let factor): factor == 1
    case .int(let factor): factor == 1
    default: true
    }
  }
}
