import ModelFormat

extension GraphPass {
  /// Nodes that give back what they got, as their shapes and constants show, vanish.
  ///
  ///     Reshape to the same shape, Cast to the same type, Transpose in order, Slice of everything,
  ///     Pad by nothing, Concat of one, pooling of single pixels, Sub of 0, Mul by 1      vanish
  ///
  /// Add of 0 stays: it makes 0 of -0, which a division tells apart.
  static let removeNoOps = GraphPass(
    name: "remove-no-ops", summary: "nodes whose result is their input vanish"
  ) { graph in
    var editor = GraphEditor(graph)
    var changes = 0
    for position in graph.nodes.indices {
      let node = editor[position]
      guard let output = node.outputs.first ?? nil,
        node.outputs.dropFirst().allSatisfy({ $0 == nil }),
        let input = editor.graph.unchangedInput(node), editor.redirect(output, to: input)
      else { continue }
      editor.remove(position)
      changes += 1
    }
    guard changes > 0 else { return 0 }
    graph = editor.finished()
    return changes
  }
}

extension Graph {
  /// The input that the first output of `node` is equal to, where that is known.
  fileprivate func unchangedInput(_ node: Node) -> ValueID? {
    guard let output = node.outputs.first ?? nil, let shape = self[output].shape else { return nil }
    /// `id` where it has the type and shape of the output.
    func same(_ id: ValueID?) -> ValueID? {
      guard let id, self[id].constant == nil, self[id].shape == shape,
        self[id].type == self[output].type, self[id].quantization == self[output].quantization
      else { return nil }
      return id
    }
    guard let first = node.inputs.first, let x = same(first) ?? same(node.inputs.last ?? nil) else {
      return nil
    }
    let isFirst = x == first
    switch node.op {
    case "Cast": return isFirst && node.attributes["rounding"] == nil ? x : nil
    case "Identity", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Expand",
      "Tile":
      return isFirst ? x : nil
    case "Concat", "Sum", "Max", "Min", "Mean", "Split":
      return isFirst && (node.inputs.count == 1 || node.op == "Split") ? x : nil
    case "Transpose":
      guard case .ints(let order)? = node.attributes["perm"] else {
        return shape.rank <= 1 ? x : nil
      }
      return order == order.indices.map { Int64($0) } ? x : nil
    case "Slice":
      guard isFirst else { return nil }
      if node.inputs.count < 5 || node.inputs[4] == nil { return x }
      return integers(node.inputs[4])?.allSatisfy { $0 > 0 } == true ? x : nil
    case "Pad":
      return isFirst
        && integers(node.inputs.count > 1 ? node.inputs[1] : nil)?
          .allSatisfy { $0 == 0 } == true
        ? x : nil
    case "AveragePool", "MaxPool":
      return node.takesSinglePixels ? x : nil
    case "GlobalAveragePool", "GlobalMaxPool", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceSum",
      "ReduceProd":
      // Of the same shape as the input: what is reduced has one element.
      return isFirst ? x : nil
    case "Mul": return number(node, isFirst ? 1 : 0) == 1 ? x : nil
    case "Sub": return isFirst && number(node, 1) == 0 ? x : nil
    case "Div", "Pow": return isFirst && number(node, 1) == 1 ? x : nil
    default: return nil
    }
  }

  /// What all elements of an operand of two are, where it is constant.
  private func number(_ node: Node, _ operand: Int) -> Float? {
    guard node.inputs.count == 2, let id = node.inputs[operand], let constant = self[id].constant,
      constant.byteCount <= 1 << 20, let elements = floats(id), let first = elements.first,
      elements.allSatisfy({ $0 == first })
    else { return nil }
    return first
  }
}

extension Node {
  /// Whether a pooling looks at one pixel at a time and skips none.
  fileprivate var takesSinglePixels: Bool {
    func all(_ name: String, are expected: Int64) -> Bool {
      guard let attribute = attributes[name] else { return true }
      guard case .ints(let numbers) = attribute else { return false }
      return numbers.allSatisfy { $0 == expected }
    }
    return attributes["kernel_shape"] != nil && all("kernel_shape", are: 1)
      && all("strides", are: 1) && all("pads", are: 0)
  }
}
