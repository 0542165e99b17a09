import ModelFormat

/// A graph that grows node by node in topological order.
struct GraphBuilder {
  /// Data that the file has under a name.
  enum Initializer {
    case dense(ONNXTensor)
    case sparse(ONNXSparseTensor)
  }

  /// What has been built.
  private(set) var graph: Graph
  /// The version of ONNX's operators that the file asks for.
  let opset: Int
  /// Whether PyTorch wrote the file: some operators mean what they mean there.
  let isFromPyTorch: Bool
  /// How many bodies this graph lies in.
  let depth: Int
  /// Reads tensors and counts what that takes.
  var tensors: TensorReader
  private var names = NameTable()
  private(set) var nodeNames: NameTable
  /// The name that each of the file's values gets.
  private var valueNames: [String: String] = [:]
  /// Values by the name that the file gives them.
  private var ids: [String: ValueID] = [:]
  private let initializers: [String: Initializer]
  /// The file's names that some node or the caller reads.
  private let readNames: Set<String>
  private var unread: Set<ValueID> = []
  /// The types of half precision of values that are computed in float32, as far as the file says.
  private var halfTypes: [ValueID: ElementType] = [:]
  /// Values that are integers of few bits, held in a byte each.
  private var packedTypes: [ValueID: PackedInteger] = [:]

  /// A builder without nodes for the values that `model` names.
  init(
    _ model: ONNXGraph, inputs: [ONNXValueInfo], initializers: [String: Initializer], opset: Int,
    tensors: TensorReader, nodeNames: NameTable, isFromPyTorch: Bool, depth: Int = 0
  ) {
    graph = Graph(name: NameTable.clean(model.name))
    self.opset = opset
    self.isFromPyTorch = isFromPyTorch
    self.depth = depth
    self.tensors = tensors
    self.nodeNames = nodeNames
    self.initializers = initializers
    readNames = Set(model.nodes.flatMap(\.reads) + model.outputs.map(\.name))
    // The caller's names first: they stay as they are. Names of generated values come last.
    for value in inputs + model.outputs { reserve(value.name) }
    for node in model.nodes {
      for name in node.reads + node.outputs where !name.isEmpty { reserve(name) }
    }
  }

  private mutating func reserve(_ name: String) {
    if valueNames[name] == nil { valueNames[name] = names.unique(name) }
  }

  /// Adds a graph input, which the file says to be of `type`.
  mutating func addInput(_ name: String, type: FileType, shape: Shape) {
    let id = graph.add(
      Value(name: valueNames[name] ?? name, type: type.element.logical, shape: shape))
    ids[name] = id
    setStoredType(id, type.element)
    packedTypes[id] = type.packed
    graph.inputs.append(id)
  }

  /// Adds an input of a body, of which the name alone is known.
  mutating func addInput(_ name: String) {
    let id = graph.add(Value(name: valueNames[name] ?? names.unique(name), type: .float32))
    ids[name] = id
    graph.inputs.append(id)
  }

  /// Adds what a body reads from around it: the value `id` of `outer`, under the file's name.
  mutating func addCapture(_ name: String, _ outerID: ValueID, of outer: GraphBuilder) -> ValueID {
    var copy = outer.graph[outerID]
    copy.name = valueNames[name] ?? names.unique(name)
    let id = graph.add(copy)
    ids[name] = id
    halfTypes[id] = outer.halfTypes[outerID]
    packedTypes[id] = outer.packedTypes[outerID]
    return id
  }

  /// Adds a constant for a body that this graph's node runs.
  mutating func addConstant(_ value: Value) -> ValueID {
    var copy = value
    copy.name = names.unique(value.name)
    return graph.add(copy)
  }

  /// Marks a value as one that the caller receives, of the type that the file states.
  mutating func addOutput(_ name: String, type: ElementType? = nil) throws(ImportProblem) {
    guard let id = try value(name) else {
      throw .undefinedValue(name: name, reader: "the list of graph outputs")
    }
    // Inputs and constants have shapes, and types of their own.
    if let type, graph[id].shape == nil { graph[id].type = type }
    graph.outputs.append(id)
  }

  /// Takes over what a nested builder has counted and named.
  mutating func resume(from nested: consuming GraphBuilder) {
    tensors = nested.tensors
    nodeNames = nested.nodeNames
  }

  /// A builder for a body of a node of this graph, which gets its names back by `resume`.
  ///
  /// The names move: with a copy here, each of many bodies would copy all of them at its first name.
  mutating func nested(
    _ body: ONNXGraph, initializers: [String: Initializer]
  ) -> GraphBuilder {
    let names = nodeNames
    nodeNames = NameTable()
    return GraphBuilder(
      body, inputs: body.inputs, initializers: initializers, opset: opset, tensors: tensors,
      nodeNames: names, isFromPyTorch: isFromPyTorch, depth: depth + 1)
  }

  /// Takes over the tensors that the graph around this one has counted.
  mutating func count(from outer: GraphBuilder) { tensors = outer.tensors }

  /// A printable name for a node that no other node has.
  mutating func uniqueNodeName(_ name: String) -> String { nodeNames.unique(name) }

  /// The value with the file's name; a constant is read on its first use.
  ///
  /// Nil for the empty name.
  mutating func value(_ name: String) throws(ImportProblem) -> ValueID? {
    if name.isEmpty { return nil }
    if let id = ids[name] { return id }
    guard let initializer = initializers[name] else { return nil }
    let tensor =
      switch initializer {
      case .dense(let message): try tensors.tensor(message, named: NameTable.clean(name))
      case .sparse(let message): try tensors.tensor(message, named: NameTable.clean(name))
      }
    let id = graph.add(Self.constant(valueNames[name] ?? name, tensor))
    ids[name] = id
    if case .dense(let message) = initializer {
      packedTypes[id] = PackedInteger(rawValue: Int64(message.type))
    }
    return id
  }

  /// The value for an output of a node; nil for the empty name.
  ///
  /// Its type and shape are not known.
  mutating func define(_ name: String) -> ValueID? {
    if name.isEmpty { return nil }
    let id = graph.add(Value(name: valueNames[name] ?? name, type: .float32))
    ids[name] = id
    if !readNames.contains(name) { unread.insert(id) }
    return id
  }

  /// The type that the file gives a value: half precision where that is known, which operators see as
  /// float32.
  func storedType(_ id: ValueID) -> ElementType {
    graph[id].constant?.type ?? halfTypes[id] ?? graph[id].type
  }

  /// The type of integers of few bits that the file gives a value, or nil where it gives another.
  func packedType(_ id: ValueID) -> PackedInteger? { packedTypes[id] }

  /// Says that the file has a value in `type`.
  mutating func setStoredType(_ id: ValueID, _ type: ElementType) {
    if type != type.logical { halfTypes[id] = type }
  }

  /// Whether a node or the caller reads the value.
  func isRead(_ id: ValueID) -> Bool { !unread.contains(id) }

  /// Adds a constant that the file does not have; its name begins with the node's.
  mutating func constant(_ tensor: Tensor, _ draft: NodeDraft, _ suffix: String) -> ValueID {
    graph.add(Self.constant(names.unique("\(draft.name).\(suffix)"), tensor))
  }

  /// Adds a value between two nodes that stand for one in the file.
  mutating func intermediate(_ draft: NodeDraft, _ suffix: String) -> ValueID {
    graph.add(Value(name: names.unique("\(draft.name).\(suffix)"), type: .float32))
  }

  /// Makes the output `id` of a node a constant, whose integers may be of few bits.
  mutating func fold(_ id: ValueID, to tensor: Tensor, packed: PackedInteger? = nil) {
    graph[id] = Self.constant(graph[id].name, tensor)
    packedTypes[id] = packed
  }

  /// Adds a node of the rule's own before the draft.
  mutating func add(
    _ op: String, before draft: NodeDraft, inputs: [ValueID?], output: ValueID,
    attributes: [String: Attribute] = [:]
  ) {
    add(op, before: draft, inputs: inputs, outputs: [output], attributes: attributes)
  }

  /// Adds a node of the rule's own, with several outputs, before the draft.
  mutating func add(
    _ op: String, before draft: NodeDraft, inputs: [ValueID?], outputs: [ValueID?],
    attributes: [String: Attribute] = [:]
  ) {
    var inputs = inputs
    while let last = inputs.last, last == nil { inputs.removeLast() }
    graph.nodes.append(
      Node(
        name: nodeNames.unique("\(draft.name).\(op)"), op: op, inputs: inputs, outputs: outputs,
        attributes: attributes))
  }

  /// Adds a node of the rule's own before the draft and returns its output, which is called `name`.
  mutating func node(
    _ op: String, before draft: NodeDraft, _ inputs: [ValueID?], _ name: String,
    _ attributes: [String: Attribute] = [:]
  ) -> ValueID {
    let output = intermediate(draft, name)
    add(op, before: draft, inputs: inputs, output: output, attributes: attributes)
    return output
  }

  /// Adds the node that the draft has become.
  mutating func add(_ draft: NodeDraft) throws(ImportProblem) {
    if draft.isFolded { return }
    var inputs = draft.inputs
    // Which operands a body has is told by their places.
    while draft.bodies.isEmpty, let last = inputs.last, last == nil { inputs.removeLast() }
    guard inputs.count <= Limits.operands, draft.outputs.count <= Limits.operands else {
      throw draft.unsupported("has more than \(Limits.operands) operands")
    }
    graph.nodes.append(
      Node(
        name: draft.name, op: draft.op, inputs: inputs, outputs: draft.outputs,
        attributes: try draft.plainAttributes(), bodies: draft.bodies))
  }

  /// A constant that operators see in its logical type.
  private static func constant(_ name: String, _ tensor: Tensor) -> Value {
    Value(name: name, type: tensor.type.logical, shape: tensor.shape, constant: tensor)
  }
}
