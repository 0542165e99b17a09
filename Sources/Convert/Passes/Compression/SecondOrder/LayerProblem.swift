import Kernels
import ModelFormat

/// The least squares problem that a layer poses when its weights change: its outputs are to stay.
struct LayerProblem {
  /// The dense weights in real numbers, [rows][n]: one row for each output.
  let weights: [Double]
  /// Sums over what the products of the layer read.
  let moments: Moments
  /// Whether a bias takes the difference of the means.
  let hasBias: Bool
  /// The shape of the tensor, and its dimension of outputs: 1 where weights lie in columns.
  let shape: Shape
  let axis: Int
  /// Where the outputs go on as they are: within the bounds of an activation; nil where there is none.
  var passage: Passage?
  /// Samples that the moments come from, looks at one of them counted once.
  var sources = Int.max

  /// What of the outputs of a layer passes its activation.
  struct Passage {
    /// What is added to each output before.
    let bias: [Double]
    let bounds: ClosedRange<Double>
  }

  /// Outputs.
  var rows: Int { moments.n == 0 ? 0 : weights.count / moments.n }

  /// The shape of the weights as rows: that of the tensor, or its transpose.
  var rowShape: Shape { axis == 0 ? shape : [shape[1], shape[0]] }

  /// Where in the tensor the weight of a row stands.
  func place(_ row: Int, _ k: Int) -> Int { axis == 0 ? row * moments.n + k : k * rows + row }
}

/// Runs a network beside its changed form on samples, from layer to layer, and gathers what each layer reads.
///
/// Each layer sees what the layers before it, changed already, compute.
struct LayerProblems {
  let dense: Graph
  let product: FloatProduct
  private let index: GraphIndex
  private var walk: LayerWalk?
  /// Places that are taken in of each layer, all samples together: at least so many, and at least so many
  /// times its products to a sum.
  private let places: Int, placesPerProduct: Int

  /// Bytes that states of samples may take, unless less memory is allowed.
  private static let stateLimit = 1536 << 20
  /// Products to a sum beyond which moments take too much memory.
  private static let mostProducts = 8192

  /// Samples of which there may be several looks among those that were taken in.
  private var sources = Int.max

  /// Samples that were taken in; zero where shapes depend on data, so that nothing can be gathered.
  var sampleCount: Int { walk?.sampleCount ?? 0 }

  /// What gathering may cost: layers that are asked for, and multiply-accumulates for all of them.
  struct Budget {
    let layers: [WeightedNode]
    let macs: Double

    /// Samples that are taken in whatever they cost.
    fileprivate static let least = 128
  }

  /// Problems of the layers of `dense` on up to `most` samples; fewer where a budget or memory says so.
  init(
    _ dense: Graph, _ samples: inout SampleSet, most: Int, places: Int = 16_384,
    placesPerProduct: Int = 16, budget: Budget? = nil, options: ConversionOptions
  ) throws(ConvertError) {
    self.dense = dense
    index = GraphIndex(dense)
    self.places = places
    self.placesPerProduct = placesPerProduct
    product = FloatProduct(ThreadPool(threads: options.threads))
    guard !dense.dependsOnData else { return }
    let limit = options.maximumMemory.map { min(Self.stateLimit, $0 / 4) } ?? Self.stateLimit
    let count =
      budget.map {
        LayerWalk.samples(
          dense, $0.layers.map(\.position), most: most, least: Budget.least, limit: limit,
          budget: $0.macs)
      } ?? most
    sources = samples.sourceCount
    walk = try LayerWalk(dense, &samples, most: count, limit: limit, options: options)
  }

  /// What is read of samples for a layer.
  private struct Reading {
    let geometry: LayerGeometry
    let tensor: Tensor
    let weights: [Double]
    let axis: Int
    /// Its input, and what is added to its output where that counts.
    let input: ValueID, residual: ValueID?

    var values: [ValueID] { [input] + (residual.map { [$0] } ?? []) }
  }

  /// Goes past a layer of which `problem` was asked before: those behind it then pose what they did, to the
  /// last bit.
  mutating func pass(
    _ weighted: WeightedNode, in graph: Graph, isChanged: Bool
  ) throws(ConvertError) {
    guard let reading = reading(of: weighted, in: graph, isChanged: isChanged) else { return }
    try walk?.visit(
      reading.values, at: weighted.position, dense: dense, compressed: graph, isChanged: isChanged,
      nil)
  }

  private func reading(
    of weighted: WeightedNode, in graph: Graph, isChanged: Bool
  ) -> Reading? {
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
    return Reading(
      geometry: geometry, tensor: tensor, weights: weights, axis: axis, input: input,
      residual: isChanged ? skip(of: weighted, in: graph) : nil)
  }

  /// What a layer of `graph` poses; nil where it has no moments, or they cannot be used.
  ///
  /// - Parameter isChanged: whether layers before it differ from those of the dense network.
  mutating func problem(
    of weighted: WeightedNode, in graph: Graph, isChanged: Bool
  ) throws(ConvertError) -> LayerProblem? {
    guard let reading = reading(of: weighted, in: graph, isChanged: isChanged) else { return nil }
    let (geometry, residual) = (reading.geometry, reading.residual)
    var moments = Moments(groups: geometry.groups, n: geometry.n, hasDense: isChanged)
    let count = max(1, sampleCount)
    let wanted = (max(places, placesPerProduct * geometry.n) + count - 1) / count
    // An odd stride visits all columns of an image.
    let step = geometry.places <= wanted ? 1 : geometry.places / wanted | 1
    let product = product
    try walk?.visit(
      reading.values, at: weighted.position, dense: dense, compressed: graph, isChanged: isChanged
    ) { sample, denseValues, values in
      var count = 0
      let first = sample % step
      func columns(_ bytes: Bytes) -> [Float] {
        bytes.withUnsafeBytes {
          geometry.columns(
            of: $0.bindMemory(to: Float.self), first: first, stride: step, columns: &count)
        }
      }
      let reference = columns(denseValues[0])
      guard let values else {
        return moments.add(reference, dense: nil, columns: count, product)
      }
      let inputs = columns(values[0])
      moments.add(inputs, dense: reference, columns: count, product)
      guard residual != nil else { return }
      let (more, less) = (denseValues[1], values[1])
      func outputs(_ bytes: Bytes) -> [Float] {
        bytes.withUnsafeBytes {
          geometry.outputColumns(of: $0.bindMemory(to: Float.self), first: first, stride: step)
        }
      }
      moments.addResidual(
        zip(outputs(more), outputs(less)).map { $0 - $1 }, inputs, columns: count, product)
    }
    return LayerProblem(
      weights: reading.weights, moments: moments,
      hasBias: graph.takesBias(graph.nodes[weighted.position], geometry.outputs),
      shape: reading.tensor.shape, axis: reading.axis,
      passage: dense.passage(of: dense.nodes[weighted.position], geometry.outputs),
      sources: min(sources, sampleCount))
  }

  /// The value that is added to the output of a layer and is there before it: a residual connection, whose errors
  /// the layer can make good.
  private func skip(of weighted: WeightedNode, in graph: Graph) -> ValueID? {
    guard let output = graph.nodes[weighted.position].outputs[0],
      let reader = index.onlyConsumer(of: output), graph.nodes[reader].op == "Add"
    else { return nil }
    let others = graph.nodes[reader].inputs.compactMap(\.self).filter { $0 != output }
    guard others.count == 1, graph[others[0]].constant == nil,
      graph[others[0]].type == .float32, graph[others[0]].shape == graph[output].shape,
      index.producer[others[0].index].map({ $0 < weighted.position })
        ?? graph.inputs.contains(others[0])
    else { return nil }
    return others[0]
  }
}

extension Graph {
  /// What of the outputs of a layer passes the activation that is fused into it; nil where all do.
  fileprivate func passage(of node: Node, _ outputs: Int) -> LayerProblem.Passage? {
    var bounds = 0.0...Double.infinity
    switch node.attributes["activation"] {
    case .string("Relu"): break
    case .string("Clip"):
      guard case .float(let low)? = node.attributes["activation_min"],
        case .float(let high)? = node.attributes["activation_max"], low < high
      else { return nil }
      bounds = Double(low)...Double(high)
    default: return nil
    }
    let bias = node.inputs.count > 2 ? node.inputs[2].flatMap { floats($0) } : nil
    guard let bias else {
      return .init(bias: [Double](repeating: 0, count: outputs), bounds: bounds)
    }
    return bias.count == outputs ? .init(bias: bias.map { Double($0) }, bounds: bounds) : nil
  }

  /// Whether a layer has a bias of one number for each of `outputs`, or may be given one.
  func takesBias(_ node: Node, _ outputs: Int) -> Bool {
    guard node.op == "Conv" || node.op == "Gemm" && node.attributes["beta"] == nil else {
      return false
    }
    guard node.inputs.count > 2, let bias = node.inputs[2] else { return true }
    return floats(bias)?.count == outputs && self[bias].shape?.dimensions.last == outputs
  }

  /// Adds `shifts` to the bias of the node at `position`, where it takes them.
  mutating func shiftBias(at position: Int, by shifts: [Double], _ names: inout FreshNames) {
    let node = nodes[position]
    guard takesBias(node, shifts.count) else { return }
    let bias = node.inputs.count > 2 ? node.inputs[2].flatMap { floats($0) } : nil
    let shifted = shifts.indices.map { Float(Double(bias?[$0] ?? 0) + shifts[$0]) }
    guard shifted.allSatisfy(\.isFinite) else { return }
    let id = addConstant(names.name(node.name + ".bias"), Tensor(shifted, shape: [shifted.count]))
    if node.inputs.count > 2 {
      nodes[position].inputs[2] = id
    } else {
      nodes[position].inputs.append(id)
    }
  }
}
