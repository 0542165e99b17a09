import ModelFormat

extension GraphPass {
  /// Nodes that only hand their input on vanish.
  ///
  ///     a -> Identity -> b -> Relu      becomes      a -> Relu
  ///
  /// Identity and inference-time Dropout; where the result is a graph output of another value that
  /// keeps its own name, the node stays.
  static let removeIdentities = GraphPass(
    name: "remove-identities", summary: "Identity and Dropout nodes vanish"
  ) { graph in
    var isKept = [Bool](repeating: true, count: graph.nodes.count)
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      guard node.op == "Identity" || node.op == "Dropout", let input = node.inputs.first ?? nil,
        let output = node.outputs.first ?? nil, node.outputs.dropFirst().allSatisfy({ $0 == nil })
      else { continue }
      if graph.outputs.contains(output) {
        // The output's name must stay: rename what computes it, if nobody else knows it by name.
        guard let producer = graph.nodes[..<index].lastIndex(where: { $0.outputs.contains(input) }),
          isKept[producer], !graph.outputs.contains(input)
        else { continue }
        for position in graph.nodes[producer].outputs.indices
        where graph.nodes[producer].outputs[position] == input {
          graph.nodes[producer].outputs[position] = output
        }
        graph.replaceUses(of: input, with: output)
      } else {
        graph.replaceUses(of: output, with: input)
      }
      isKept[index] = false
    }
    graph.compact(keeping: isKept)
    return isKept.count { !$0 }
  }
}
