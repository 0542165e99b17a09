/// The index of a value in `Graph.values`.
public struct ValueID: Hashable, Sendable, Comparable {
  /// The position in `Graph.values`.
  public let index: Int
  /// The value at position `index`.
  public init(_ index: Int) { self.index = index }
  /// Orders values by position.
  public static func < (a: ValueID, b: ValueID) -> Bool { a.index < b.index }
}

/// What flows along an edge: a graph input, a constant, or the output of one node.
public struct Value: Sendable {
  /// The unique name, as in the source model where it came from there.
  public var name: String
  /// The type that operators see.
  ///
  /// A constant may be stored in a narrower one.
  public var type: ElementType
  /// The extents; nil before shape inference, and where they depend on the data of a run.
  public var shape: Shape?
  /// How the integers of a quantized activation map to real numbers; one scale for the tensor.
  public var quantization: Quantization?
  /// The data of a constant; nil for inputs and for what nodes compute.
  public var constant: Tensor?

  /// A value with the given properties.
  public init(
    name: String, type: ElementType, shape: Shape? = nil, quantization: Quantization? = nil,
    constant: Tensor? = nil
  ) {
    self.name = name
    self.type = type
    self.shape = shape
    self.quantization = quantization
    self.constant = constant
  }
}

/// An attribute of a node.
public enum Attribute: Hashable, Sendable {
  case int(Int64)
  case float(Float)
  case string(String)
  case ints([Int64])
  case floats([Float])
  case strings([String])
}

/// One operation of the graph.
public struct Node: Sendable {
  /// The name in the source model, or one made from the operator and its first output.
  public var name: String
  /// The operator: ONNX's name, with `domain.` in front unless the domain is ONNX's own.
  public var op: String
  /// Inputs in the operator's order; nil where an optional one is left out.
  public var inputs: [ValueID?]
  /// Outputs in the operator's order; nil where an optional one is not asked for.
  public var outputs: [ValueID?]
  /// Attributes by name.
  public var attributes: [String: Attribute]
  /// What control flow runs: the branches of If, the body of Loop or Scan.
  ///
  /// A body has values of its own and no constants: whatever it reads from outside is an input of the
  /// node, behind the operator's own inputs, and an input of the body, behind the body's own.
  public var bodies: [Graph]

  /// A node with the given properties.
  public init(
    name: String, op: String, inputs: [ValueID?], outputs: [ValueID?],
    attributes: [String: Attribute] = [:], bodies: [Graph] = []
  ) {
    self.name = name
    self.op = op
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
    self.bodies = bodies
  }
}

/// A network: nodes in an order in which each reads only what came before it.
public struct Graph: Sendable {
  /// The name in the source model.
  public var name: String
  /// Every value; `ValueID`s index it.
  public var values: [Value] = []
  /// The operations in topological order.
  public var nodes: [Node] = []
  /// What the caller supplies, in order.
  public var inputs: [ValueID] = []
  /// What the caller receives, in order.
  public var outputs: [ValueID] = []

  /// An empty graph.
  public init(name: String = "") { self.name = name }

  /// The value that `id` names.
  public subscript(id: ValueID) -> Value {
    get { values[id.index] }
    set { values[id.index] = newValue }
  }

  /// Whether something in it is known only while it runs: the shape of a value, or which body.
  public var dependsOnData: Bool {
    values.contains { $0.shape == nil } || nodes.contains { !$0.bodies.isEmpty }
  }

  /// Appends a value and returns its identifier.
  public mutating func add(_ value: Value) -> ValueID {
    values.append(value)
    return ValueID(values.count - 1)
  }

  /// Appends a constant, typed and shaped as its tensor, and returns its identifier.
  public mutating func addConstant(_ name: String, _ tensor: Tensor) -> ValueID {
    add(Value(name: name, type: tensor.type, shape: tensor.shape, constant: tensor))
  }
}
