import ModelFormat

extension GraphPass {
  /// A border that a node of its own puts around an image becomes that of the window behind it.
  ///
  ///     Pad(0) -> Conv(pads p)                                becomes      Conv(pads p + pad)
  ///     Pad(0) -> AveragePool(count_include_pad 1)            becomes      AveragePool(pads p + pad)
  ///     Pad(-inf or the lowest number) -> MaxPool             becomes      MaxPool(pads p + pad)
  ///
  /// Only what is padded on height and width (depth, length) by nothing negative. Networks with uneven
  /// borders are written so.
  static let foldPadding = GraphPass(
    name: "fold-padding", summary: "Pad joins the Conv or pooling behind it"
  ) { graph in
    var editor = GraphEditor(graph)
    var changes = 0
    for position in graph.nodes.indices where editor.foldPadding(position) { changes += 1 }
    guard changes > 0 else { return 0 }
    graph = editor.finished()
    return changes
  }
}

extension GraphEditor {
  fileprivate mutating func foldPadding(_ position: Int) -> Bool {
    let node = self[position]
    guard ["Conv", "AveragePool", "MaxPool"].contains(node.op), let padded = node.inputs[0],
      let maker = maker(of: padded), let (x, border) = border(maker, for: node.op),
      let rank = graph[x].shape?.rank, rank > 2
    else { return false }
    let spatial = rank - 2
    var pads = [Int](repeating: 0, count: 2 * spatial)
    if case .ints(let stated)? = node.attributes["pads"] {
      guard stated.count == pads.count else { return false }
      guard stated.allSatisfy({ $0 >= 0 && $0 < 1 << 16 }) else { return false }
      pads = stated.map { Int($0) }
    }
    if case .string(let automatic)? = node.attributes["auto_pad"] {
      guard automatic == "NOTSET" || automatic == "VALID" && pads.allSatisfy({ $0 == 0 }) else {
        return false
      }
    }
    if node.op != "Conv" {
      // Rounding up counts windows by the padded extent; pads must stay below the kernel.
      guard node.attributes.integer("ceil_mode", default: 0) == 0,
        case .ints(let kernel)? = node.attributes["kernel_shape"], kernel.count == spatial
      else { return false }
      if node.op == "AveragePool" {
        guard
          node.attributes.integer("count_include_pad", default: 0) == 1
            || pads.allSatisfy({ $0 == 0 })
        else { return false }
      }
      for side in pads.indices where pads[side] + border[side] >= Int(kernel[side % spatial]) {
        return false
      }
    }
    var folded = node
    folded.inputs[0] = x
    folded.attributes["auto_pad"] = nil
    folded.attributes["pads"] = .ints(zip(pads, border).map { Int64($0 + $1) })
    if node.op == "AveragePool" { folded.attributes["count_include_pad"] = .int(1) }
    replace(position, with: folded)
    if isUnread(padded) { remove(maker) }
    return true
  }

  /// What a Pad puts around the spatial dimensions, where `op` pads with the same number.
  private func border(_ position: Int, for op: String) -> (ValueID, [Int])? {
    let node = self[position]
    guard node.op == "Pad", let x = node.inputs[0], let rank = graph[x].shape?.rank, rank > 2,
      graph[x].type == .float32, node.inputs.count >= 2,
      node.inputs.count < 4 || node.inputs[3] == nil,
      let pads = graph.integers(node.inputs[1]), pads.count == 2 * rank,
      pads.allSatisfy({ $0 >= 0 && $0 < 1 << 16 })
    else { return nil }
    if case .string(let mode)? = node.attributes["mode"], mode != "constant" { return nil }
    var filler: Double = 0
    if node.inputs.count > 2, let id = node.inputs[2] {
      guard let stated = number(id) else { return nil }
      filler = stated
    }
    let fits = op == "MaxPool" ? filler <= -Double(Float.greatestFiniteMagnitude) : filler == 0
    guard fits, pads[0] == 0, pads[1] == 0, pads[rank] == 0, pads[rank + 1] == 0 else { return nil }
    return (x, Array(pads[2..<rank]) + Array(pads[(rank + 2)...]))
  }
}
