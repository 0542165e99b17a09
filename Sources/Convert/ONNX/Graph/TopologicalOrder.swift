/// The order in which nodes can run.
enum TopologicalOrder {
  /// Positions of `nodes`, each after those that it reads from; the file's order where it is right.
  ///
  /// `sources` are the names that exist beforehand, each with the words for what defines it; `names`
  /// are the nodes' names for errors. Takes time in proportion to nodes and operands.
  static func order(
    _ nodes: [ONNXNode], names: [String], sources: [String: String]
  ) throws(ImportProblem) -> [Int] {
    var definers: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for output in node.outputs where !output.isEmpty {
        let first = sources[output] ?? definers[output].map { "node '\(names[$0])'" }
        if let first {
          throw .redefinedValue(name: output, first: first, second: "node '\(names[index])'")
        }
        definers[output] = index
      }
    }
    let reads = nodes.map(\.reads)
    var order: [Int] = []
    order.reserveCapacity(nodes.count)
    var state = [State](repeating: .unvisited, count: nodes.count)
    // Depth first, with a stack of our own: the node and its next input to look at.
    var path: [(node: Int, input: Int)] = []
    for start in nodes.indices where state[start] == .unvisited {
      path.append((start, 0))
      state[start] = .waiting
      while let (node, input) = path.last {
        guard input < reads[node].count else {
          state[node] = .done
          order.append(node)
          path.removeLast()
          continue
        }
        path[path.count - 1].input += 1
        let name = reads[node][input]
        if name.isEmpty || sources[name] != nil { continue }
        guard let definer = definers[name] else {
          throw .undefinedValue(name: name, reader: "node '\(names[node])' (\(nodes[node].op))")
        }
        switch state[definer] {
        case .done: continue
        case .unvisited:
          state[definer] = .waiting
          path.append((definer, 0))
        case .waiting:
          let cycle = path.drop { $0.node != definer }.map { names[$0.node] }
          throw .cycle(cycle)
        }
      }
    }
    return order
  }

  private enum State { case unvisited, waiting, done }
}
