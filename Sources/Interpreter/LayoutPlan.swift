import Kernels
package import ModelFormat
package import Operators

/// A value during planning: what it is, and which step makes it.
package struct PlannedValue {
  /// Its type, shape and layout.
  package var facts: ValueFacts
  /// The name for traces.
  package let name: String
  /// The graph's value that this is, or is a copy of in another layout.
  package let source: ValueID?
}

/// One operation of the plan: a node of the graph, or a change of layout.
package struct PlannedStep {
  /// What it computes.
  package let op: Operator
  /// The node, and its operands in the layouts of the plan.
  package var facts: NodeFacts
  /// Planned values; nil where an operand is left out.
  package let inputs: [Int?]
  /// Planned values; more than the node has where a plan asks for more.
  package var outputs: [Int]
  /// The node's position in the graph, or nil for a change of layout.
  package let nodeIndex: Int?

  /// A step of the given parts.
  package init(
    op: Operator, facts: NodeFacts, inputs: [Int?], outputs: [Int], nodeIndex: Int?
  ) {
    self.op = op
    self.facts = facts
    self.inputs = inputs
    self.outputs = outputs
    self.nodeIndex = nodeIndex
  }

  /// Makes the operator ready to run.
  package func prepare() throws(InterpreterError) -> Execution {
    do { return try op.prepare(facts) } catch {
      throw .node(name: facts.node.name, op: facts.node.op, error)
    }
  }
}

/// Chooses a layout for each activation, so that convolutions read channels last and no value changes
/// its layout more than once.
///
/// Operators that work on channels last make everything behind them so, up to the first that needs
/// row-major order. Where both orders are the same bytes, nothing is copied.
package struct LayoutPlan {
  /// Every value, in each layout that it is needed in.
  package private(set) var values: [PlannedValue] = []
  /// What runs, in order.
  package private(set) var steps: [PlannedStep] = []
  /// For each planned value whose range the step that makes it can tell, that step.
  private var products: [Int: Int] = [:]
  /// For each planned value that dynamic layers read, what they share: its uint8 form and its parameters.
  private var quantized: [Int: (form: Int, parameters: Int)] = [:]
  /// For each value of the graph, its planned form in each layout.
  private var planned: [Forms]
  /// For each value of the graph, whether its first reader takes it channels last.
  private var isReadChannelsLast: [Bool]
  private let graph: Graph
  private let readsPlanes: Bool

  /// The planned values that hold one value of the graph, by layout.
  private struct Forms {
    private var rowMajor: Int?
    private var channelsLast: Int?

    subscript(layout: Layout) -> Int? {
      get { layout == .rowMajor ? rowMajor : channelsLast }
      set { if layout == .rowMajor { rowMajor = newValue } else { channelsLast = newValue } }
    }
  }

  /// The plan of `graph`; `readsPlanes` says whether convolutions may read a row-major image as it is.
  package init(_ graph: Graph, readsPlanes: Bool = true) throws(InterpreterError) {
    self.graph = graph
    self.readsPlanes = readsPlanes
    planned = Array(repeating: Forms(), count: graph.values.count)
    values.reserveCapacity(graph.values.count + 8)
    steps.reserveCapacity(graph.nodes.count + 8)
    isReadChannelsLast = Array(repeating: false, count: graph.values.count)
    var operators: [Operator] = []
    operators.reserveCapacity(graph.nodes.count)
    for node in graph.nodes { operators.append(try Operator.named(of: node)) }
    for index in graph.nodes.indices.reversed() {
      let takes = operators[index].layout == .channelsLast
      for (position, id) in graph.nodes[index].inputs.enumerated() {
        if let id { isReadChannelsLast[id.index] = takes && position == 0 }
      }
    }
    for id in graph.inputs { _ = try add(id, .rowMajor) }
    for index in graph.nodes.indices { try plan(graph.nodes[index], operators[index], index) }
    for id in graph.outputs { _ = try value(id, .rowMajor, for: "graph output") }
  }

  /// The planned value that holds `id` in row-major order.
  package func rowMajor(_ id: ValueID) -> Int? { planned[id.index][.rowMajor] }

  private mutating func add(_ id: ValueID, _ layout: Layout) throws(InterpreterError) -> Int {
    guard var facts = graph.facts(id) else {
      throw .unknownShape(value: graph[id].name, node: "graph input")
    }
    facts.layout = layout
    values.append(PlannedValue(facts: facts, name: graph[id].name, source: id))
    planned[id.index][layout] = values.count - 1
    return values.count - 1
  }

  /// `id` in `layout`, with a step that changes the layout where it is not there yet.
  private mutating func value(
    _ id: ValueID, _ layout: Layout, for node: String
  ) throws(InterpreterError) -> Int {
    if let known = planned[id.index][layout] { return known }
    if graph[id].constant != nil { return try add(id, layout) }
    let other: Layout = layout == .rowMajor ? .channelsLast : .rowMajor
    guard let from = planned[id.index][other] else {
      throw .unknownShape(value: graph[id].name, node: node)
    }
    let to = try add(id, layout)
    var node = Node(
      name: graph[id].name + (layout == .channelsLast ? " to channels last" : " to row-major"),
      op: Operator.changeLayout.name, inputs: [id], outputs: [id])
    node.attributes = [:]
    var facts = NodeFacts(node: node, inputs: [values[from].facts])
    facts.inputs[0]?.layout = other
    facts.outputs = [values[to].facts]
    steps.append(
      PlannedStep(
        op: .changeLayout, facts: facts, inputs: [from], outputs: [to], nodeIndex: nil))
    return to
  }

  private mutating func plan(
    _ node: Node, _ op: Operator, _ index: Int
  ) throws(InterpreterError) {
    var facts = try graph.facts(of: node, for: op)
    do { facts.outputs = try op.infer(facts) } catch {
      throw .node(name: node.name, op: node.op, error)
    }
    // Optional outputs that nobody asked for still get memory: operators write them.
    let (before, layout) = layouts(for: op, node, facts)
    let takesQuantized = facts.takesQuantizedInput(op)
    var inputs: [Int?] = []
    for (position, id) in node.inputs.enumerated() {
      guard let id, let rank = facts.inputs[position]?.shape.rank else {
        inputs.append(nil)
        continue
      }
      if position == 0, takesQuantized {
        inputs.append(nil)
        continue
      }
      let wanted = rank == 4 ? op.layout(ofInput: position, in: before) : .rowMajor
      let input = try value(id, wanted, for: node.name)
      facts.inputs[position]?.layout = wanted
      inputs.append(input)
    }
    if takesQuantized, let id = node.inputs[0] {
      try shareQuantized(id, before, &facts, &inputs)
    }
    var outputs: [Int] = []
    for (position, output) in facts.outputs.enumerated() {
      facts.outputs[position].layout = output.shape.rank == 4 ? layout : .rowMajor
      if position < node.outputs.count, let id = node.outputs[position] {
        try check(id, output, op, facts)
        let planned = try add(id, facts.outputs[position].layout)
        facts.outputs[position] = values[planned].facts
        outputs.append(planned)
      } else {
        values.append(
          PlannedValue(facts: facts.outputs[position], name: node.name + ".unused", source: nil))
        outputs.append(values.count - 1)
      }
    }
    if facts.tellsRange(op) { products[outputs[0]] = steps.count }
    steps.append(
      PlannedStep(op: op, facts: facts, inputs: inputs, outputs: outputs, nodeIndex: index))
  }

  /// The layouts of a node's inputs and of its outputs.
  private func layouts(
    for op: Operator, _ node: Node, _ facts: NodeFacts
  ) -> (inputs: Layout, outputs: Layout) {
    guard op.layout == .either else {
      let layout = layout(for: op, node, facts)
      if readsPlanes, op.layout == .channelsLast, layout == .channelsLast, let id = node.inputs[0],
        graph[id].constant == nil, planned[id.index][.channelsLast] == nil, op.readsRowMajor(facts)
      {
        return (.rowMajor, .channelsLast)
      }
      if op.layout == .convert, layout == .rowMajor, let output = node.outputs[0],
        isReadChannelsLast[output.index], facts.outputs[0].shape.rank == 4
      {
        var candidate = facts
        candidate.outputs[0].layout = .channelsLast
        candidate.outputs[0].quantization = graph[output].quantization
        if (try? op.prepare(candidate)) != nil { return (.rowMajor, .channelsLast) }
      }
      return (layout, layout)
    }
    guard let id = node.inputs[0], graph[id].constant == nil, let output = facts.outputs.first,
      facts.inputs[0]?.shape.rank == 4
    else { return (.rowMajor, .rowMajor) }
    let known = [Layout.rowMajor, .channelsLast].filter { planned[id.index][$0] != nil }
    for before in known {
      for after in [Layout.rowMajor, .channelsLast] {
        var candidate = facts
        candidate.inputs[0]?.layout = before
        candidate.outputs[0].layout = output.shape.rank == 4 ? after : .rowMajor
        if let execution = try? op.prepare(candidate), execution.isView { return (before, after) }
      }
    }
    return (known.first ?? .rowMajor, .rowMajor)
  }

  private func layout(for op: Operator, _ node: Node, _ facts: NodeFacts) -> Layout {
    switch op.layout {
    case .rowMajor, .either: return .rowMajor
    case .channelsLast: return facts.inputs.first??.shape.rank == 4 ? .channelsLast : .rowMajor
    case .follow, .convert:
      guard facts.outputs.allSatisfy({ $0.shape.rank == 4 }) else { return .rowMajor }
      let hasChannelsLast = node.inputs.contains { id in
        guard let id, graph[id].constant == nil, graph[id].shape?.rank == 4 else { return false }
        return planned[id.index][.channelsLast] != nil
      }
      return hasChannelsLast ? .channelsLast : .rowMajor
    }
  }

  /// Refuses a node whose stated output differs from what it computes.
  private func check(
    _ id: ValueID, _ output: ValueFacts, _ op: Operator, _ facts: NodeFacts
  ) throws(InterpreterError) {
    // No copies of the value and the node but for errors: a plan has hundreds of them.
    if let shape = graph.values[id.index].shape, shape != output.shape {
      throw .shapeDisagrees(
        value: graph[id].name, node: facts.node.name, stated: shape, found: output.shape)
    }
    let stated = graph.values[id.index].type
    if stated == output.type { return }
    // Of quantized activations, integer operators give float32 where the graph states it. In any other
    // case a kernel would write elements of one size into memory for another.
    guard op.quantization == .integer, facts.inputs.first??.quantization != nil,
      output.type == .uint8, stated == .float32
    else {
      throw .typeDisagrees(
        value: graph[id].name, node: facts.node.name, stated: stated, found: output.type)
    }
  }

  /// Gives a node with dynamic quantization its input `id` in uint8, and the parameters, by a step that all
  /// such nodes share.
  private mutating func shareQuantized(
    _ id: ValueID, _ layout: Layout, _ facts: inout NodeFacts, _ inputs: inout [Int?]
  ) throws(InterpreterError) {
    let layout = facts.inputs[0]?.shape.rank == 4 ? layout : .rowMajor
    // From row-major to channels last it is one step to bytes.
    var from = planned[id.index][layout]
    if from == nil, layout == .channelsLast { from = planned[id.index][.rowMajor] }
    let source = if let from { from } else { try value(id, layout, for: facts.node.name) }
    let shared = quantized[source] ?? quantize(source, layout)
    quantized[source] = shared
    facts.inputs[0] = values[shared.form].facts
    inputs[0] = shared.form
    while inputs.count < NodeFacts.dynamicParameters {
      inputs.append(nil)
      facts.inputs.append(nil)
    }
    inputs.append(shared.parameters)
    facts.inputs.append(values[shared.parameters].facts)
  }

  /// A step that quantizes planned value `source` by its own range, which the step before tells if it can.
  private mutating func quantize(
    _ source: Int, _ layout: Layout
  ) -> (form: Int, parameters: Int) {
    let name = values[source].name + " to uint8"
    let shape = values[source].facts.shape
    func add(_ facts: ValueFacts) -> Int {
      values.append(PlannedValue(facts: facts, name: name, source: nil))
      return values.count - 1
    }
    var inputs: [Int?] = [source]
    var known: [ValueFacts?] = [values[source].facts]
    if let maker = products[source] {
      let range = add(ValueFacts(type: .float32, shape: [WrittenRange.elements]))
      steps[maker].outputs.append(range)
      steps[maker].facts.outputs.append(values[range].facts)
      inputs.append(range)
      known.append(values[range].facts)
    }
    let form = add(ValueFacts(type: .uint8, shape: shape, layout: layout))
    let parameters = add(ValueFacts(type: .float32, shape: [2]))
    let node = Node(name: name, op: Operator.quantizeActivation.name, inputs: [], outputs: [])
    var facts = NodeFacts(node: node, inputs: known)
    facts.outputs = [values[form].facts, values[parameters].facts]
    steps.append(
      PlannedStep(
        op: .quantizeActivation, facts: facts, inputs: inputs, outputs: [form, parameters],
        nodeIndex: nil))
    return (form, parameters)
  }
}
