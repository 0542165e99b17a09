import ModelFormat

/// Puts the nodes of functions that a model defines in the place of the nodes that call them.
///
///     call: Twice(x) -> y,  Twice(a) = Add(a, a)      becomes      call/add: Add(x, x) -> y
///
/// Values inside get the call's name in front. References to attributes become what the call gives, or the
/// function's default, or nothing.
struct FunctionExpansion {
  /// Calls within calls.
  static let maximumDepth = 32

  private let functions: [String: ONNXFunction]
  private let opsets: [String: Int64]
  /// Nodes that functions have given so far.
  private var made = 0
  /// Calls so far, whose numbers keep the names of values apart.
  private var calls = 0

  /// The graph of `model` without calls.
  static func graph(of model: ONNXModel) throws(ImportProblem) -> ONNXGraph {
    if model.functions.isEmpty { return model.graph }
    var expansion = FunctionExpansion(model)
    return try expansion.expand(model.graph, depth: 0)
  }

  private init(_ model: ONNXModel) {
    functions = model.functions
    opsets = model.opsets
  }

  private mutating func expand(
    _ graph: ONNXGraph, depth: Int
  ) throws(ImportProblem) -> ONNXGraph {
    var result = graph
    result.nodes = try expand(graph.nodes, depth: depth)
    return result
  }

  private mutating func expand(
    _ nodes: [ONNXNode], depth: Int
  ) throws(ImportProblem) -> [ONNXNode] {
    var result: [ONNXNode] = []
    for (index, source) in nodes.enumerated() {
      var node = source
      for (key, value) in source.attributes {
        guard case .graphs(let bodies) = value else { continue }
        var expanded: [ONNXGraph] = []
        for body in bodies { expanded.append(try expand(body, depth: depth)) }
        node.attributes[key] = .graphs(expanded)
      }
      // What is known by name is better than its definition in other operators.
      guard ImportTable.row(domain: node.domain, op: node.op) == nil,
        let function = functions["\(node.domain).\(node.op)"]
      else {
        result.append(node)
        continue
      }
      let name = OperatorCheck.nodeName(node, index)
      result += try expand(try body(of: function, for: node, name, depth), depth: depth + 1)
    }
    return result
  }

  /// The nodes of `function` with the operands and attributes of a call.
  private mutating func body(
    of function: ONNXFunction, for call: ONNXNode, _ name: String, _ depth: Int
  ) throws(ImportProblem) -> [ONNXNode] {
    func fail(_ what: String) -> ImportProblem { .invalidNode(name: name, op: call.op, what) }
    guard depth < Self.maximumDepth else {
      throw fail("functions call each other more than \(Self.maximumDepth) deep")
    }
    made += function.nodes.count
    guard made <= Limits.entries else { throw .tooManyEntries(made) }
    guard call.inputs.count <= function.inputs.count, call.outputs.count <= function.outputs.count
    else { throw fail("has more operands than its function") }
    for (domain, version) in function.opsets where opsets[domain] ?? version != version {
      throw .unsupportedNode(
        name: name, op: call.op,
        "its function is written for opset \(version), the model for \(opsets[domain] ?? 0)")
    }
    calls += 1
    var names: [String: String] = ["": ""]
    for (position, input) in function.inputs.enumerated() {
      names[input] = position < call.inputs.count ? call.inputs[position] : ""
    }
    for (position, output) in function.outputs.enumerated()
    where position < call.outputs.count && !call.outputs[position].isEmpty {
      names[output] = call.outputs[position]
    }
    let scope = Scope(
      prefix: "\(name)#\(calls)/", names: names, given: call.attributes,
      defaults: function.defaults)
    var nodes: [ONNXNode] = []
    for (index, node) in function.nodes.enumerated() {
      var copy = scope.rewritten(node)
      copy.name = "\(name)/\(OperatorCheck.nodeName(node, index))"
      nodes.append(copy)
    }
    // An output that is an input has no node that could write it.
    for (position, output) in function.outputs.enumerated()
    where position < call.outputs.count && function.inputs.contains(output) {
      let input = function.inputs.firstIndex(of: output).map { slot in
        slot < call.inputs.count ? call.inputs[slot] : ""
      }
      nodes.append(
        ONNXNode(
          name: "\(name)/output\(position)", op: "Identity", domain: "", inputs: [input ?? ""],
          outputs: [call.outputs[position]], attributes: [:], captures: []))
    }
    return nodes
  }
}

/// What names mean inside of one call.
private struct Scope {
  let prefix: String
  let names: [String: String]
  let given: [String: ONNXAttribute]
  let defaults: [String: ONNXAttribute?]

  func name(_ inner: String) -> String { names[inner] ?? prefix + inner }

  func rewritten(_ node: ONNXNode) -> ONNXNode {
    var copy = node
    copy.inputs = node.inputs.map(name)
    copy.outputs = node.outputs.map(name)
    copy.captures = node.captures.map(name)
    copy.attributes = [:]
    for (key, value) in node.attributes {
      switch value {
      case .reference(let outer):
        // What neither the call nor the function states is left out.
        if let value = given[outer] ?? (defaults[outer] ?? nil) { copy.attributes[key] = value }
      case .graphs(let bodies): copy.attributes[key] = .graphs(bodies.map(rewritten))
      default: copy.attributes[key] = value
      }
    }
    return copy
  }

  /// A body inside of a function: its own values are renamed as well, which keeps them apart.
  private func rewritten(_ graph: ONNXGraph) -> ONNXGraph {
    var copy = graph
    copy.nodes = graph.nodes.map(rewritten)
    copy.initializers = graph.initializers.map { tensor in
      var renamed = tensor
      renamed.name = name(tensor.name)
      return renamed
    }
    copy.sparseInitializers = graph.sparseInitializers.map { tensor in
      var renamed = tensor
      renamed.values.name = name(tensor.values.name)
      return renamed
    }
    func rename(_ value: ONNXValueInfo) -> ONNXValueInfo {
      var renamed = value
      renamed.name = name(value.name)
      return renamed
    }
    copy.inputs = graph.inputs.map(rename)
    copy.outputs = graph.outputs.map(rename)
    copy.captures = graph.captures.map(name)
    return copy
  }
}
