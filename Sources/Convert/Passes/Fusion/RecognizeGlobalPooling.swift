import ModelFormat

extension GraphPass {
  /// A mean over all pixels is a global average pooling.
  ///
  ///     ReduceMean(axes 2, 3, keepdims 1)      becomes      GlobalAveragePool
  ///     ReduceMean(axes 2, 3, keepdims 0)      becomes      GlobalAveragePool -> Flatten
  ///
  /// Today's exporters write pooling so.
  static let recognizeGlobalPooling = GraphPass(
    name: "recognize-global-pooling", summary: "ReduceMean over height and width is global pooling"
  ) { graph in
    var changes = 0
    var nodes: [Node] = []
    var names = FreshNames(graph)
    for node in graph.nodes {
      guard node.op == "ReduceMean", let input = node.inputs[0], let output = node.outputs[0],
        let shape = graph[input].shape, shape.rank == 4, node.inputs.count > 1,
        let axes = graph.integers(node.inputs[1]),
        Set(axes.map { $0 < 0 ? $0 + 4 : $0 }) == [2, 3]
      else {
        nodes.append(node)
        continue
      }
      changes += 1
      if node.attributes["keepdims"] == .int(0) {
        let pooled = graph.add(
          Value(
            name: names.name(graph[output].name + ".pooled"), type: graph[input].type,
            shape: [shape[0], shape[1], 1, 1]))
        nodes.append(
          Node(name: node.name, op: "GlobalAveragePool", inputs: [input], outputs: [pooled]))
        nodes.append(
          Node(
            name: node.name + ".flatten", op: "Flatten", inputs: [pooled], outputs: [output],
            attributes: ["axis": .int(1)]))
      } else {
        nodes.append(
          Node(name: node.name, op: "GlobalAveragePool", inputs: [input], outputs: [output]))
      }
    }
    graph.nodes = nodes
    return changes
  }
}
