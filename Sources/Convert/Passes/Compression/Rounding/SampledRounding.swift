import Interpreter
import Kernels
import ModelFormat

/// Rounds the weights of layers to few levels, layer by layer, so that outputs stay what they were.
///
/// Each layer sees what the layers before it, rounded already, compute on some samples, and is rounded to
/// what comes nearest to the outputs of the dense network: a least squares fit of the weights to the inputs
/// that there are now, then rounding column by column (`ColumnSweep`), then the bias takes what the mean has
/// moved. No labels are needed.
struct SampledRounding {
  let options: ConversionOptions
  let progress: (Converter.Progress) -> Void
  /// The type of the weights of each layer; those that stay float are left alone.
  let plan: CompressionPlan
  /// The most samples.
  var sampleLimit = 100
  /// Places that are taken in of each layer, all samples together: at least so many, and at least so many
  /// times its products to a sum.
  var places = 16_384
  var placesPerProduct = 16

  /// Bytes that states of samples may take.
  private static let stateLimit = 512 << 20
  /// Products to a sum beyond which moments take too much memory.
  private static let mostProducts = 8192

  /// What was done.
  struct Effect {
    /// Layers that were rounded to keep their outputs.
    var layers = 0
    /// Layers whose products or inputs do not allow it, with weights at the nearest level.
    var nearest = RoundWeights.Effect()
    var samples = 0

    /// The effect in words.
    var text: String {
      "\(layers) layers rounded to keep their outputs"
        + (nearest.layers.isEmpty ? "" : ", to the nearest level: " + nearest.text)
    }
  }

  /// Rounds the weights of `graph`, whose layers were fused but not quantized.
  func apply(
    _ graph: inout Graph, _ nodes: [WeightedNode], _ samples: inout SampleSet
  ) throws(ConvertError) -> Effect {
    var effect = Effect()
    let index = GraphIndex(graph)
    let dense = graph
    var walk: LayerWalk?
    if !graph.dependsOnData {
      walk = try LayerWalk(
        graph, &samples, most: sampleLimit, limit: Self.stateLimit, options: options)
      effect.samples = walk?.sampleCount ?? 0
    }
    let product = FloatProduct(ThreadPool(threads: options.threads))
    var names = FreshNames(graph)
    var isChanged = false
    for (done, node) in nodes.enumerated() {
      guard let grid = WeightGrid(plan[node.name].weights) else { continue }
      progress(Converter.Progress(stage: "round", done: done, total: nodes.count))
      if index.consumers[node.weights.index].count == 1, !index.isOutput[node.weights.index],
        let layer = try round(
          node, grid, graph, dense, isChanged: isChanged, &walk, product)
      {
        graph[node.weights].constant = layer.tensor
        shift(&graph, node.position, layer.shifts, &names)
        effect.layers += 1
      } else {
        effect.nearest.add(RoundWeights(plan: plan).apply(&graph, [node]))
      }
      isChanged = true
    }
    return effect
  }

  /// A layer rounded with the moments of its inputs; nil where it has none, or they cannot be used.
  private func round(
    _ weighted: WeightedNode, _ grid: WeightGrid, _ graph: Graph, _ dense: Graph, isChanged: Bool,
    _ walk: inout LayerWalk?, _ product: FloatProduct
  ) throws(ConvertError) -> RoundedLayer? {
    let node = graph.nodes[weighted.position]
    guard walk != nil, let tensor = dense[weighted.weights].constant, let input = node.inputs[0],
      dense[input].constant == nil, dense[input].type == .float32,
      let inputShape = dense[input].shape, let output = node.outputs[0],
      let outputShape = dense[output].shape,
      let geometry = LayerGeometry(
        node, weights: tensor.shape, input: inputShape, output: outputShape),
      geometry.n <= Self.mostProducts, geometry.places > 0
    else { return nil }
    let axis = graph.outputAxis(of: weighted)
    var weights = tensor.floats().map { Double($0) }
    guard weights.allSatisfy(\.isFinite) else { return nil }
    if axis > 0 {
      let (rows, n) = (geometry.outputs, geometry.n)
      weights = (0..<rows * n).map { weights[$0 % n * rows + $0 / n] }
    }
    var moments = Moments(groups: geometry.groups, n: geometry.n)
    let count = walk?.sampleCount ?? 1
    let wanted = (max(places, placesPerProduct * geometry.n) + count - 1) / count
    // An odd stride visits all columns of an image.
    let step = geometry.places <= wanted ? 1 : geometry.places / wanted | 1
    try walk?.visit(
      input, at: weighted.position, dense: dense, compressed: graph, isChanged: isChanged
    ) { sample, denseBytes, bytes in
      var columns = 0
      let first = sample % step
      let reference = geometry.columns(
        of: denseBytes.bindMemory(to: Float.self), first: first, stride: step, columns: &columns)
      guard let bytes else {
        return moments.add(reference, dense: nil, columns: columns, product)
      }
      let inputs = geometry.columns(
        of: bytes.bindMemory(to: Float.self), first: first, stride: step, columns: &columns)
      moments.add(inputs, dense: reference, columns: columns, product)
    }
    return RoundedLayer(
      weights, moments, grid: grid, hasBias: Self.takesBias(graph, node, geometry.outputs),
      shape: tensor.shape, axis: axis, product)
  }

  /// Whether a layer has a bias of one number for each output, or may be given one.
  private static func takesBias(_ graph: Graph, _ node: Node, _ outputs: Int) -> Bool {
    guard node.op == "Conv" || node.op == "Gemm" && node.attributes["beta"] == nil else {
      return false
    }
    guard node.inputs.count > 2, let bias = node.inputs[2] else { return true }
    return graph.floats(bias)?.count == outputs && graph[bias].shape?.dimensions.last == outputs
  }

  /// Adds `shifts` to the bias of a node that takes them.
  private func shift(
    _ graph: inout Graph, _ position: Int, _ shifts: [Double], _ names: inout FreshNames
  ) {
    let node = graph.nodes[position]
    guard Self.takesBias(graph, node, shifts.count) else { return }
    let bias = node.inputs.count > 2 ? graph.floats(node.inputs[2]) : nil
    let shifted = shifts.indices.map { Float(Double(bias?[$0] ?? 0) + shifts[$0]) }
    guard shifted.allSatisfy(\.isFinite) else { return }
    let id = graph.addConstant(
      names.name(node.name + ".bias"), Tensor(shifted, shape: [shifted.count]))
    if node.inputs.count > 2 {
      graph.nodes[position].inputs[2] = id
    } else {
      graph.nodes[position].inputs.append(id)
    }
  }
}
