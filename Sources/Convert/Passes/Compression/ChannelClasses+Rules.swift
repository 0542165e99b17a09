import ModelFormat

/// What nodes do to channels.
extension ChannelClasses {
  /// Whether the rows and columns of a layer's weights are those of channels.
  static func isLayer(_ node: Node, _ graph: Graph) -> Bool {
    guard node.inputs.count > 1, let weights = node.inputs[1], let input = node.inputs[0],
      graph[input].constant == nil, let shape = graph[weights].constant?.shape,
      let read = graph[input].shape, read.rank == shape.rank
    else { return false }
    if node.inputs.count > 2, let bias = node.inputs[2] {
      guard graph[bias].constant?.shape.count == shape[0] else { return false }
    }
    switch node.op {
    case "Conv":
      let groups = groups(node)
      return (3...4).contains(shape.rank) && groups >= 1 && shape[0] % groups == 0
        && read[1] == shape[1] * groups
    case "Gemm":
      return node.attributes["transB"] == .int(1) && node.attributes["transA"] != .int(1)
        && read[1] == shape[1]
    default: return false
    }
  }

  /// The groups of a convolution; one for all else.
  static func groups(_ node: Node) -> Int {
    if case .int(let stated)? = node.attributes["group"] { return Int(stated) }
    return 1
  }

  /// Whether a convolution keeps channels apart, each output reading the channel of its own number.
  static func isDepthwise(_ node: Node, _ graph: Graph) -> Bool {
    guard let shape = node.inputs[1].flatMap({ graph[$0].shape }) else { return false }
    return node.op == "Conv" && shape[1] == 1 && shape[0] > 1 && groups(node) == shape[0]
  }

  /// What an activation that is fused into a layer does to scaled channels.
  enum Activation {
    /// `f(s x) = s f(x)` for every `s > 0`.
    case homogeneous
    /// The same below a ceiling.
    case cut(Float)
    case other
  }

  static func activation(_ node: Node) -> Activation {
    switch node.attributes["activation"] {
    case nil, .string("Relu"): return .homogeneous
    case .string("Clip"):
      guard case .float(let low)? = node.attributes["activation_min"], low == 0,
        case .float(let high)? = node.attributes["activation_max"], high.isNormal, high > 0
      else { return .other }
      return .cut(high)
    default: return .other
    }
  }

  /// Whether a node between layers keeps channels apart, and goes with what becomes of them.
  ///
  /// Nothing but activations may take part, or a constant that is the same for all channels: another one would
  /// have to be changed along.
  static func keepsChannels(_ node: Node, _ graph: Graph, under change: Change) -> Bool {
    if ["Flatten", "Reshape", "Squeeze"].contains(node.op) { return readsPixel(node, graph) }
    guard homogeneous.contains(node.op) || change == .permutation && pointwise.contains(node.op),
      let rank = node.outputs.first?.flatMap({ graph[$0].shape?.rank })
    else { return false }
    let operands = node.inputs.compactMap { $0 }
    return operands.contains { graph[$0].constant == nil }
      && operands.allSatisfy { id in
        graph[id].constant == nil
          ? graph[id].shape?.rank == rank : change == .permutation && graph[id].shape?.count == 1
      }
  }

  /// Operators that scale with what they read.
  private static let homogeneous: Set = [
    "Add", "Sub", "Max", "Min", "Sum", "Relu", "LeakyRelu", "MaxPool", "AveragePool",
    "GlobalAveragePool", "GlobalMaxPool", "Identity",
  ]
  /// Others that treat all channels alike.
  private static let pointwise: Set = [
    "Mul", "Div", "Clip", "Sigmoid", "HardSigmoid", "HardSwish", "Swish", "Mish", "Elu", "Celu",
    "Selu", "Gelu", "Tanh", "Softplus", "Softsign", "Erf", "Exp", "Abs", "Neg", "Sqrt", "Mean",
  ]

  /// Whether a change of shape makes rows of channels of single pixels.
  private static func readsPixel(_ node: Node, _ graph: Graph) -> Bool {
    guard let from = node.inputs[0].flatMap({ graph[$0].shape }),
      let to = node.outputs[0].flatMap({ graph[$0].shape }), from.rank >= 2, to.rank >= 2
    else { return false }
    return from[0] == to[0] && from[1] == to[1] && from.count == from[0] * from[1]
  }

  /// The channels of a value: dimension 1.
  static func channels(_ id: ValueID, _ graph: Graph) -> Int? {
    guard let shape = graph[id].shape, shape.rank >= 2 else { return nil }
    return shape[1]
  }
}
