import ModelFormat

/// One graph on its way to ONNX: its nodes and constants, and the names of its values.
struct ExportScope {
  let graph: Graph
  let opset: Int
  /// Names that are taken, of values and of nodes, those of graphs around this one among them.
  var names: NameSupply
  private(set) var draft: ONNXGraphDraft
  /// The name of each value.
  private(set) var valueNames: [String]
  /// Constants that have nodes or initializers already: the name that readers see.
  private var constants: [ValueID: String] = [:]
  /// Domains that nodes are of, besides ONNX's own.
  var domains: [String: Int] = [:]

  /// A scope for `graph`; `captured` names the values that come from around it.
  init(_ graph: Graph, opset: Int, names: NameSupply, captured: [ValueID: String] = [:]) {
    self.graph = graph
    self.opset = opset
    self.names = names
    draft = ONNXGraphDraft(name: graph.name)
    valueNames = []
    var taken = names
    // Inputs and outputs keep the names that the outside knows.
    var reserved: [ValueID: String] = captured
    for id in graph.inputs + graph.outputs where reserved[id] == nil {
      reserved[id] = taken.value(graph[id].name)
    }
    valueNames = graph.values.indices.map { index in
      reserved[ValueID(index)] ?? taken.value(graph.values[index].name)
    }
    self.names = taken
  }

  /// The name of a value.
  func name(_ id: ValueID) -> String { valueNames[id.index] }

  // MARK: Adding

  /// Adds a node.
  mutating func add(_ node: ExportDraft) {
    var inputs = node.inputs.map { $0 ?? "" }
    while inputs.last == "" { inputs.removeLast() }
    draft.nodes.append(
      ONNXNodeDraft(
        name: names.node(node.node.name), op: node.op, domain: node.domain, inputs: inputs,
        outputs: node.outputs, attributes: node.attributes.mapValues { .plain($0) }))
  }

  /// Adds a node with attributes of any kind.
  mutating func add(_ node: ONNXNodeDraft) {
    var node = node
    node.name = names.node(node.name)
    draft.nodes.append(node)
  }

  /// Adds a node with one output, and returns the name of that: `output`, or one made of `base`.
  @discardableResult
  mutating func emit(
    _ op: String, _ inputs: [String?], _ attributes: [String: Attribute] = [:], base: String,
    output: String? = nil
  ) -> String {
    let result = output ?? names.value("\(base).\(op)")
    var inputs = inputs.map { $0 ?? "" }
    while inputs.last == "" { inputs.removeLast() }
    draft.nodes.append(
      ONNXNodeDraft(
        name: names.node("\(base).\(op)"), op: op, inputs: inputs, outputs: [result],
        attributes: attributes.mapValues { .plain($0) }))
    return result
  }

  /// Adds a constant, and returns its name.
  mutating func constant(_ tensor: Tensor, base: String) -> String {
    let name = names.value(base)
    draft.constants.append(ONNXConstant(name, stored: tensor))
    return name
  }

  /// Adds a constant whose bytes are made when they are written.
  mutating func constant(_ constant: ONNXConstant) { draft.constants.append(constant) }

  /// A constant of one float.
  mutating func scalar(_ value: Float, base: String) -> String {
    constant(Tensor([value], shape: []), base: base)
  }

  /// A constant of integers, of rank 1.
  mutating func integers(_ values: [Int], base: String) -> String {
    constant(Tensor(values.map { Int64($0) }), base: base)
  }

  /// Declares inputs and outputs.
  mutating func declare(inputs: [ValueID], outputs: [ValueID]) {
    func port(_ id: ValueID, _ name: String) -> ONNXPort {
      ONNXPort(
        name: name, type: graph[id].type, shape: graph[id].shape,
        rank: graph[id].shape?.rank ?? rank(id, 0))
    }
    draft.inputs = inputs.map { port($0, name($0)) }
    var seen: Set<String> = []
    for id in outputs {
      var output = name(id)
      // An output that is a constant or an input, or stands there twice, is a copy.
      let isComputed = graph[id].constant == nil && !graph.inputs.contains(id)
      if !isComputed || !seen.insert(output).inserted {
        let source = graph[id].constant == nil ? output : operand(id)
        output = names.value("\(output).output")
        emit("Identity", [source], base: output, output: output)
      }
      draft.outputs.append(port(id, output))
    }
  }

  /// The number of dimensions of a value whose extents depend on the data, where its producer says it.
  private func rank(_ id: ValueID, _ depth: Int) -> Int? {
    if let shape = graph[id].shape { return shape.rank }
    guard depth < 16, let node = graph.nodes.first(where: { $0.outputs.contains(id) }) else {
      return nil
    }
    func input(_ place: Int) -> ValueID? { place < node.inputs.count ? node.inputs[place] : nil }
    /// The extents that an input states: as many as it has elements.
    func stated(_ place: Int) -> Int? {
      guard let shape = input(place).flatMap({ graph[$0].shape }), shape.rank == 1 else {
        return nil
      }
      return shape[0]
    }
    switch node.op {
    case "NonZero", "NonMaxSuppression": return 2
    case "Range", "BlackmanWindow", "HammingWindow", "HannWindow", "Shape": return 1
    case "Reshape": return stated(1)
    case "ConstantOfShape": return stated(0)
    case "Expand": return max(stated(1) ?? 0, input(0).flatMap { rank($0, depth + 1) } ?? 0)
    case "OneHot": return input(0).flatMap { rank($0, depth + 1) }.map { $0 + 1 }
    case "Unique" where node.outputs.first != id: return 1
    case "Compress", "Unique":
      return node.attributes["axis"] == nil ? 1 : input(0).flatMap { rank($0, depth + 1) }
    case "CumSum", "Pad", "Slice", "Resize", "Tile", "Cast", "Identity", "Relu", "Clip", "Sigmoid",
      "Transpose", "Softmax", "Split", "Concat", "CenterCropPad", "TopK", "Trilu":
      return input(0).flatMap { rank($0, depth + 1) }
    default: return nil
    }
  }

  // MARK: Operands

  /// The name of a value as it is: quantized activations as integers, constants as real numbers.
  mutating func operand(_ id: ValueID) -> String {
    guard let tensor = graph[id].constant else { return name(id) }
    if let known = constants[id] { return known }
    let result = expanded(tensor, graph[id], name(id))
    constants[id] = result
    return result
  }

  /// The name of a value as a float operator reads it: DequantizeLinear stands before quantized
  /// activations, one for each reader, as runtimes expect.
  mutating func real(_ id: ValueID) -> String {
    guard let parameters = integerParameters(id) else { return operand(id) }
    return dequantized(name(id), .uint8, parameters, base: name(id))
  }

  /// The parameters of a quantized activation, or nil where the value is none.
  func integerParameters(_ id: ValueID) -> Quantization? {
    guard graph[id].constant == nil, graph[id].type == .uint8 else { return nil }
    return graph[id].quantization
  }

  /// A DequantizeLinear behind `integers`.
  mutating func dequantized(
    _ integers: String, _ type: ElementType, _ parameters: Quantization, axis: Int? = nil,
    base: String, output: String? = nil
  ) -> String {
    let (scale, zero) = steps(type, parameters, base: base)
    var attributes: [String: Attribute] = [:]
    if let axis = axis ?? parameters.axis { attributes["axis"] = .int(Int64(axis)) }
    return emit(
      "DequantizeLinear", [integers, scale, zero], attributes, base: base, output: output)
  }

  /// A QuantizeLinear that makes `output`.
  mutating func quantize(_ real: String, _ parameters: Quantization, to output: String) {
    let (scale, zero) = steps(.uint8, parameters, base: output)
    emit("QuantizeLinear", [real, scale, zero], base: output, output: output)
  }

  /// Constants for scales and zero points.
  private mutating func steps(
    _ type: ElementType, _ parameters: Quantization, base: String
  ) -> (String, String) {
    let shape: Shape = parameters.axis == nil ? [] : [parameters.scales.count]
    let zeros: Bytes =
      switch type {
      case .uint8: Bytes(parameters.zeroPoints.map { UInt8(clamping: $0) })
      case .int32: Bytes(elements: parameters.zeroPoints)
      default: Bytes(elements: parameters.zeroPoints.map { Int8(clamping: $0) })
      }
    return (
      constant(Tensor(parameters.scales, shape: shape), base: "\(base).scale"),
      constant(Tensor(type: type, shape: shape, bytes: zeros), base: "\(base).zero_point")
    )
  }

  /// Puts a constant into the file as it is stored, with what makes real numbers of it.
  private mutating func expanded(_ tensor: Tensor, _ value: Value, _ name: String) -> String {
    if let quantization = tensor.quantization, tensor.type == .int8 || tensor.type == .uint8 {
      let stored = names.value("\(name).stored")
      draft.constants.append(ONNXConstant(stored, stored: tensor))
      return dequantized(stored, tensor.type, quantization, base: name, output: name)
    }
    if value.type == .float32, tensor.type == .float16 || tensor.type == .bfloat16 {
      let stored = names.value("\(name).stored")
      draft.constants.append(ONNXConstant(stored, stored: tensor))
      return emit("Cast", [stored], ["to": .int(1)], base: name, output: name)
    }
    let isPlain = tensor.type == value.type && tensor.quantization == nil
    draft.constants.append(
      isPlain ? ONNXConstant(name, stored: tensor) : ONNXConstant(name, real: tensor))
    return name
  }
}

/// Names that are unique in a file.
struct NameSupply {
  private var values: Set<String> = []
  private var nodes: Set<String> = []
  private var numbers: [String: Int] = [:]

  /// A name for a value, like `base`.
  mutating func value(_ base: String) -> String {
    Self.fresh(base.isEmpty ? "value" : base, &values, &numbers)
  }

  /// A name for a node, like `base`.
  mutating func node(_ base: String) -> String {
    Self.fresh(base.isEmpty ? "node" : base, &nodes, &numbers)
  }

  private static func fresh(
    _ base: String, _ taken: inout Set<String>, _ numbers: inout [String: Int]
  ) -> String {
    if taken.insert(base).inserted { return base }
    var number = numbers[base] ?? 0
    var candidate: String
    repeat {
      number += 1
      candidate = "\(base).\(number)"
    } while !taken.insert(candidate).inserted
    numbers[base] = number
    return candidate
  }
}
