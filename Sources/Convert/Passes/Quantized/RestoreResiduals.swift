import Kernels
import ModelFormat

/// Finds quantized residual sums in the form that the exporter writes them in.
///
///     Conv(DequantizeLinear(x, scale 1), integers · f) -> Add(g · DequantizeLinear(r, scale 1))
///     -> QuantizeLinear(scale 1)
///
/// becomes a convolution of integers that adds `r`, with the real scales that other readers of the
/// integers use, and weights whose scales give the same factors again.
struct RestoreResiduals {
  /// Rewrites `graph` and returns the positions of the convolutions that it made, by name of output.
  func apply(_ graph: inout Graph) -> Int {
    let index = GraphIndex(graph)
    let known = realParameters(graph)
    var isKept = [Bool](repeating: true, count: graph.nodes.count)
    var restored = 0
    for position in graph.nodes.indices where graph.nodes[position].op == "Add" {
      guard let found = match(position, graph, index),
        var node = restore(found, &graph, known)
      else { continue }
      node.outputs = [found.result]
      graph.nodes[found.step] = node
      isKept[position] = false
      restored += 1
    }
    graph.compact(keeping: isKept)
    return restored
  }

  /// What belongs to one sum.
  private struct Match {
    let conv: Node
    let step: Int
    let x: ValueID
    let r: ValueID
    let factor: Float
    let result: ValueID
  }

  /// The parameters of uint8 values by steps that do not stand for whole numbers.
  private func realParameters(_ graph: Graph) -> [Quantization?] {
    var known = [Quantization?](repeating: nil, count: graph.values.count)
    for node in graph.nodes {
      let isBack = node.op == "DequantizeLinear"
      guard
        let parameters = QuantizationStep.dequantize(node, graph)
          ?? QuantizationStep.quantize(node, graph),
        let integers = isBack ? node.inputs[0] : node.outputs[0]
      else { continue }
      if known[integers.index] == nil || known[integers.index]?.scales[0] == 1 {
        known[integers.index] = parameters
      }
    }
    return known
  }

  private func match(_ position: Int, _ graph: Graph, _ index: GraphIndex) -> Match? {
    let node = graph.nodes[position]
    guard node.inputs.count == 2, let a = node.inputs[0], let b = node.inputs[1], a != b,
      let sum = node.outputs[0], let step = index.onlyConsumer(of: sum),
      QuantizationStep.quantize(graph.nodes[step], graph)?.scales[0] == 1,
      let result = graph.nodes[step].outputs[0], graph[result].shape?.rank == 4
    else { return nil }
    /// The integers behind a step of scale 1.
    func whole(_ id: ValueID?) -> ValueID? {
      guard let id, let producer = index.producer[id.index],
        QuantizationStep.dequantize(graph.nodes[producer], graph)?.scales[0] == 1
      else { return nil }
      return graph.nodes[producer].inputs[0]
    }
    for (mine, other) in [(a, b), (b, a)] {
      guard let first = index.producer[mine.index], let second = index.producer[other.index],
        index.onlyConsumer(of: mine) == position, index.onlyConsumer(of: other) == position
      else { continue }
      let (conv, scaled) = (graph.nodes[first], graph.nodes[second])
      guard conv.op == "Conv", conv.inputs.count <= 3, conv.attributes["activation"] == nil,
        scaled.op == "Mul", scaled.inputs.count == 2, let x = whole(conv.inputs[0]),
        graph[mine].shape == graph[other].shape
      else { continue }
      for (data, constant) in [(0, 1), (1, 0)] {
        guard let factor = graph.floats(scaled.inputs[constant]), factor.count == 1,
          let r = whole(scaled.inputs[data])
        else { continue }
        return Match(conv: conv, step: step, x: x, r: r, factor: factor[0], result: result)
      }
    }
    return nil
  }

  private func restore(
    _ match: Match, _ graph: inout Graph, _ known: [Quantization?]
  ) -> Node? {
    guard let input = known[match.x.index], let residual = known[match.r.index],
      let output = known[match.result.index],
      Rescaling.factor(Double(residual.scales[0]), over: Double(output.scales[0])) == match.factor,
      let w = match.conv.inputs[1], let tensor = graph[w].constant, tensor.type == .int8,
      let quantization = tensor.quantization, quantization.isSymmetric,
      quantization.axis == nil || quantization.axis == 0, tensor.shape.rank == 4
    else { return nil }
    let factors = quantization.scales
    let scales = factors.compactMap { scale($0, input.scales[0], output.scales[0]) }
    guard scales.count == factors.count else { return nil }
    var node = match.conv
    node.inputs = [match.x, nil, nil, match.r]
    let channels = tensor.shape[0]
    if match.conv.inputs.count > 2, let id = match.conv.inputs[2] {
      guard let bias = graph.floats(id), bias.count == channels else { return nil }
      let real = bias.enumerated().map { channel, bias in
        let place = factors.count == 1 ? 0 : channel
        let level = (Double(bias) / Double(factors[place])).rounded(.toNearestOrEven)
        return Float(level * Double(input.scales[0]) * Double(scales[place]))
      }
      node.inputs[2] = graph.addConstant(
        graph[id].name + ".restored", Tensor(real, shape: [channels]))
    }
    node.inputs[1] = graph.addConstant(
      graph[w].name + ".restored",
      Tensor(
        type: .int8, shape: tensor.shape, bytes: tensor.dense,
        quantization: quantization.axis == nil
          ? Quantization(scale: scales[0]) : Quantization(scales: scales, axis: 0)), as: .float32)
    graph[match.x].quantization = input
    graph[match.r].quantization = residual
    graph[match.result].quantization = output
    return node
  }

  /// The scale of weights that gives a factor again, or nil where rounding leaves out none.
  private func scale(_ factor: Float, _ input: Float, _ output: Float) -> Float? {
    let start = Float(Double(factor) * Double(output) / Double(input))
    guard start.isNormal, start > 0 else { return nil }
    var (above, below) = (start, start)
    for _ in 0..<8 {
      for candidate in [above, below]
      where Rescaling.factor(input: input, weight: candidate, output: output) == factor {
        return candidate
      }
      (above, below) = (above.nextUp, below.nextDown)
    }
    return nil
  }
}
