import ModelFormat

/// The way from the file's graph to ours: definitions, order, then node by node through the rules.
struct GraphAssembly {
  private let model: ONNXModel
  private let opset: Int
  private var tensors: TensorReader

  /// An assembly of the graph of `model`, whose operators are all in the table.
  init(_ model: ONNXModel, opset: Int, tensors: TensorReader) {
    self.model = model
    self.opset = opset
    self.tensors = tensors
  }

  /// Paths of the external files that were used.
  var externalFiles: [String] { tensors.externalFiles }

  /// The graph in the newest form of every operator.
  mutating func graph(_ options: ImportOptions) throws(ImportProblem) -> Graph {
    let source = model.graph
    guard source.nodes.count <= Limits.entries else { throw .tooManyEntries(source.nodes.count) }
    let initializers = try Self.initializers(of: source)
    // A graph input with an initializer is a constant in all that concerns us.
    let inputs = source.inputs.filter { initializers[$0.name] == nil }
    var sources = initializers.mapValues { _ in "an initializer" }
    for input in inputs {
      guard !input.name.isEmpty else { throw .unsupportedInput(name: "", "has no name") }
      if let first = sources.updateValue("a graph input", forKey: input.name) {
        throw .redefinedValue(name: input.name, first: first, second: "another graph input")
      }
    }
    let types = try Self.types(of: inputs)
    let shapes = try InputShapes.resolve(inputs, given: options.inputShapes)
    var nodeNames = NameTable()
    let names = source.nodes.enumerated().map { index, node in
      nodeNames.unique(OperatorCheck.nodeName(node, index))
    }
    let order = try TopologicalOrder.order(source.nodes, names: names, sources: sources)

    var builder = GraphBuilder(
      source, inputs: inputs, initializers: initializers, opset: opset, tensors: tensors,
      nodeNames: nodeNames, isFromPyTorch: model.producer.hasPrefix("pytorch"))
    for (index, input) in inputs.enumerated() {
      builder.addInput(input.name, type: types[index], shape: shapes[index])
    }
    try ImportProblem.collect(order) { index throws(ImportProblem) in
      try Self.convert(source.nodes[index], names[index], &builder)
    }
    guard !source.outputs.isEmpty else { throw .malformed(offset: nil, "the graph has no outputs") }
    for output in source.outputs {
      let type = output.type.flatMap { ElementType(onnx: Int64($0)) }
      try builder.addOutput(output.name, type: type?.logical)
    }
    tensors = builder.tensors
    let entries = max(builder.graph.nodes.count, builder.graph.values.count)
    guard entries <= Limits.entries else { throw .tooManyEntries(entries) }
    return builder.graph
  }

  /// Brings one node to the newest form and adds it.
  static func convert(
    _ node: ONNXNode, _ name: String, _ builder: inout GraphBuilder
  ) throws(ImportProblem) {
    guard let row = ImportTable.row(domain: node.domain, op: node.op) else { return }
    var inputs: [ValueID?] = []
    for input in node.inputs { inputs.append(try builder.value(input)) }
    let outputs = node.outputs.map { builder.define($0) }
    var draft = NodeDraft(
      name: name,
      origin: node.domain.isEmpty
        ? "\(node.op), opset \(builder.opset)" : "\(node.domain).\(node.op)",
      op: node.op, inputs: inputs, outputs: outputs, attributes: node.attributes)
    guard draft.outputs.contains(where: { $0 != nil }) else {
      throw draft.invalid("has no outputs")
    }
    // A hint of the first operator sets: which inputs may be overwritten.
    if builder.opset < 6 { draft.attributes["consumed_inputs"] = nil }
    try row.rule.apply(&draft, &builder)
    try builder.add(draft)
  }

  /// All initializers of a graph or a body by name.
  static func initializers(
    of graph: ONNXGraph
  ) throws(ImportProblem) -> [String: GraphBuilder.Initializer] {
    let dense = graph.initializers.map { ($0.name, GraphBuilder.Initializer.dense($0)) }
    let sparse = graph.sparseInitializers.map {
      ($0.values.name, GraphBuilder.Initializer.sparse($0))
    }
    var result: [String: GraphBuilder.Initializer] = [:]
    for (name, initializer) in dense + sparse {
      guard !name.isEmpty else { throw .invalidTensor(name: "", "an initializer has no name") }
      guard result.updateValue(initializer, forKey: name) == nil else {
        throw .redefinedValue(
          name: name, first: "an initializer", second: "another initializer")
      }
    }
    return result
  }

  /// The types of the graph inputs as the file has them.
  private static func types(of inputs: [ONNXValueInfo]) throws(ImportProblem) -> [FileType] {
    var types: [FileType] = []
    try ImportProblem.collect(inputs) { input throws(ImportProblem) in
      guard let number = input.type else {
        throw .unsupportedInput(name: input.name, "is no tensor; only tensors are supported")
      }
      guard let type = FileType(onnx: Int64(number)) else {
        throw .unsupportedInput(
          name: input.name,
          "has type \(ElementType.onnxName(Int64(number))), which is not supported "
            + "(\(ElementType.supportedNames) are)")
      }
      types.append(type)
    }
    return types
  }
}
