public import ModelFormat

/// Builds graphs in code; weights are random and the same each time.
public struct GraphBuilder {
  /// What has been built so far.
  public private(set) var graph: Graph
  private var random: SeededGenerator

  /// A builder of an empty graph.
  public init(seed: UInt64 = 1) {
    graph = Graph(name: "built")
    random = SeededGenerator(seed: seed)
  }

  /// Adds an input.
  public mutating func input(
    _ shape: Shape, _ type: ElementType = .float32, name: String = "x"
  ) -> ValueID {
    let id = graph.add(Value(name: name, type: type, shape: shape))
    graph.inputs.append(id)
    return id
  }

  /// Adds a constant.
  public mutating func constant(_ tensor: Tensor) -> ValueID {
    graph.addConstant("c\(graph.values.count)", tensor)
  }

  /// Adds random weights.
  public mutating func weights(_ extents: Int...) -> ValueID {
    let shape = Shape(extents)
    return constant(Tensor(random.uniform(shape.count), shape: shape))
  }

  /// Adds a node and returns its outputs, whose types and shapes are still to be inferred.
  public mutating func nodes(
    _ op: String, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:], outputs: Int,
    name: String? = nil
  ) -> [ValueID] {
    let name = name ?? "\(op)\(graph.nodes.count)"
    let made = (0..<outputs).map { index in
      graph.add(Value(name: outputs == 1 ? "\(name).y" : "\(name).y\(index)", type: .float32))
    }
    graph.nodes.append(
      Node(name: name, op: op, inputs: inputs, outputs: made, attributes: attributes))
    return made
  }

  /// Adds a node with one output.
  public mutating func node(
    _ op: String, _ inputs: ValueID?..., attributes: [String: Attribute] = [:], name: String? = nil
  ) -> ValueID {
    nodes(op, inputs, attributes, outputs: 1, name: name)[0]
  }

  /// Adds a convolution that keeps height and width, with a bias.
  public mutating func conv(
    _ x: ValueID, _ outputs: Int, from inputs: Int, kernel: Int = 3, group: Int = 1,
    name: String? = nil
  ) -> ValueID {
    let pad = Int64(kernel / 2)
    return nodes(
      "Conv", [x, weights(outputs, inputs / group, kernel, kernel), weights(outputs)],
      ["pads": .ints([pad, pad, pad, pad]), "group": .int(Int64(group))], outputs: 1, name: name)[0]
  }

  /// Adds a reshape to constant extents.
  public mutating func reshape(_ x: ValueID, _ extents: [Int]) -> ValueID {
    node("Reshape", x, constant(Tensor(extents.map { Int64($0) })))
  }

  /// Adds a transposition.
  public mutating func transpose(_ x: ValueID, _ order: [Int]) -> ValueID {
    node("Transpose", x, attributes: ["perm": .ints(order.map { Int64($0) })])
  }

  /// Makes values outputs and returns the graph.
  public mutating func finish(_ outputs: ValueID...) -> Graph {
    graph.outputs = outputs
    return graph
  }
}
