import ModelFormat

extension GraphPass {
  /// Products with constant weights get one form: Gemm, weights with one row for each output.
  ///
  ///     MatMul(x, W[k, n])                       becomes      Gemm(x, Wᵀ[n, k], transB 1)
  ///     Gemm(x, W[k, n], c, alpha, beta)         becomes      Gemm(x, alpha·Wᵀ[n, k], beta·c, transB 1)
  ///
  /// Rows of outputs are what quantization scales run along, and what kernels pack.
  static let normalizeLinear = GraphPass(
    name: "normalize-linear", summary: "MatMul and Gemm with constant weights get one form"
  ) { graph in
    var changes = 0
    var names = FreshNames(graph)
    var budget = GrowthBudget(graph)
    // Nodes that share weights share their new form, or weights would multiply.
    var rowsOf: [RowsKey: ValueID] = [:]
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      guard node.op == "MatMul" || node.op == "Gemm", let input = node.inputs[0],
        let weights = node.inputs[1], let tensor = graph[weights].constant,
        graph[weights].type == .float32, tensor.shape.rank == 2, graph[input].constant == nil,
        (graph[input].shape?.rank ?? 0) >= 2, graph[input].type == .float32
      else { continue }
      func number(_ name: String) -> Float {
        switch node.attributes[name] {
        case .float(let value): value
        case .int(let value): Float(value)
        default: 1
        }
      }
      let alpha = number("alpha")
      let beta = number("beta")
      let isTransposed = node.op == "Gemm" && node.attributes["transB"] == .int(1)
      if node.attributes["transA"] == .int(1) { continue }
      if node.op == "Gemm", isTransposed, alpha == 1, beta == 1 { continue }
      var rewritten = node
      rewritten.op = "Gemm"
      rewritten.attributes = ["transB": .int(1)]
      if beta != 1, node.inputs.count > 2, let bias = node.inputs[2] {
        guard let elements = graph.floats(bias), let shape = graph[bias].shape,
          budget.take(bytes: elements.count * 4, work: elements.count)
        else { continue }
        rewritten.inputs[2] = graph.addConstant(
          names.name(graph[bias].name + ".scaled"),
          Tensor(elements.map { $0 * beta }, shape: shape))
      }
      let key = RowsKey(weights: weights, isTransposed: isTransposed, alpha: alpha)
      if let rows = rowsOf[key] {
        rewritten.inputs[1] = rows
      } else if !isTransposed || alpha != 1 {
        let count = tensor.shape.count
        guard budget.take(bytes: count * 4, work: 2 * count) else { continue }
        let rows = isTransposed ? tensor : tensor.transposedMatrix()
        let scaled = alpha == 1 ? rows : rows.scaledRows(by: { _ in alpha })
        let id = graph.addConstant(
          names.name(graph[weights].name + ".rows"), scaled, as: .float32)
        rewritten.inputs[1] = id
        rowsOf[key] = id
      }
      graph.nodes[index] = rewritten
      changes += 1
    }
    // What only one form is read of need not be kept in the other.
    graph.compact(keeping: [Bool](repeating: true, count: graph.nodes.count))
    return changes
  }
}

/// Weights in the form that a product asks for.
private struct RowsKey: Hashable {
  let weights: ValueID
  let isTransposed: Bool
  let alpha: Float
}
