import ModelFormat

extension GraphPass {
  /// Slices that take a value apart become one Split.
  ///
  ///     Slice(0..<2), Slice(2..<4), Slice(4..<6)      becomes      Split(2, 2, 2)
  ///     Gather(0), Gather(1), Gather(2)               becomes      Split(1, 1, 1) -> Squeeze each
  ///
  /// Where all the pieces along one dimension are there, in whatever order, and do not overlap. Gather
  /// counts where its index is one constant number. Exporters write `chunk`, and queries, keys and
  /// values that come out of one product, so.
  static let mergeSlices = GraphPass(
    name: "merge-slices", summary: "slices that take a value apart become one Split"
  ) { graph in
    var editor = GraphEditor(graph)
    var changes = 0
    for index in graph.values.indices where editor.mergeSlices(of: ValueID(index)) { changes += 1 }
    guard changes > 0 else { return 0 }
    graph = editor.finished()
    return changes
  }
}

/// A piece of a value along one dimension.
private struct Piece {
  let position: Int
  let axis: Int
  let range: Range<Int>
  /// Whether the dimension is gone: a Gather of one entry.
  let isSqueezed: Bool
}

extension GraphEditor {
  fileprivate mutating func mergeSlices(of value: ValueID) -> Bool {
    guard readers[value.index].count > 1, let shape = graph[value].shape,
      graph[value].constant == nil
    else { return false }
    let pieces = readers[value.index].compactMap { piece($0, value, shape) }
    for axis in Set(pieces.map(\.axis)).sorted() {
      let along = pieces.filter { $0.axis == axis }.sorted {
        $0.range.lowerBound < $1.range.lowerBound
      }
      guard along.count > 1, along.first?.range.lowerBound == 0,
        along.last?.range.upperBound == shape[axis],
        zip(along, along.dropFirst()).allSatisfy({ $0.range.upperBound == $1.range.lowerBound }),
        let first = along.map(\.position).min(), isFirst(first, along.map(\.position))
      else { continue }
      split(value, shape, along, axis, first)
      return true
    }
    return false
  }

  /// Whether `first` comes before the others: positions of the source are in order.
  private func isFirst(_ first: Int, _ positions: [Int]) -> Bool {
    positions.allSatisfy { $0 >= first }
  }

  private mutating func split(
    _ value: ValueID, _ shape: Shape, _ pieces: [Piece], _ axis: Int, _ first: Int
  ) {
    let extents = pieces.map { Int64($0.range.count) }
    let sizes = addConstant(graph[value].name + ".pieces", Tensor(extents))
    var outputs: [ValueID?] = []
    for piece in pieces {
      guard let output = self[piece.position].outputs[0] else { continue }
      guard piece.isSqueezed else {
        outputs.append(output)
        continue
      }
      var kept = shape
      kept[axis] = 1
      outputs.append(addValue(graph[output].name + ".piece", graph[output].type, kept))
    }
    let node = Node(
      name: graph[value].name + ".split", op: "Split", inputs: [value, sizes], outputs: outputs,
      attributes: ["axis": .int(Int64(axis))])
    let axes = addConstant(graph[value].name + ".axis", Tensor([Int64(axis)]))
    // Pieces that stay become outputs of the Split; the others a Squeeze of theirs.
    for (piece, output) in zip(pieces, outputs) where piece.isSqueezed {
      replace(
        piece.position,
        with: Node(
          name: self[piece.position].name, op: "Squeeze", inputs: [output, axes],
          outputs: self[piece.position].outputs))
    }
    for piece in pieces where !piece.isSqueezed && piece.position != first {
      remove(piece.position)
    }
    if pieces.contains(where: { $0.position == first && !$0.isSqueezed }) {
      replace(first, with: node)
    } else {
      insert(node, before: first)
    }
  }

  /// The piece that the node at `position` takes of `value`.
  private func piece(_ position: Int, _ value: ValueID, _ shape: Shape) -> Piece? {
    let node = self[position]
    guard node.inputs[0] == value, node.outputs.count == 1, let output = node.outputs[0],
      let result = graph[output].shape
    else { return nil }
    if node.op == "Gather" {
      let stated = node.attributes.integer("axis", default: 0)
      guard node.inputs.count == 2, let axis = shape.normalized(axis: stated),
        let index = node.inputs[1], graph[index].shape?.rank == 0,
        let number = graph.integers(index)?.first
      else { return nil }
      let start = number < 0 ? number + shape[axis] : number
      guard (0..<shape[axis]).contains(start) else { return nil }
      return Piece(position: position, axis: axis, range: start..<(start + 1), isSqueezed: true)
    }
    guard node.op == "Slice", node.inputs.count >= 3, let starts = graph.integers(node.inputs[1]),
      starts.count == 1,
      node.inputs.count < 5 || node.inputs[4] == nil || graph.integers(node.inputs[4]) == [1]
    else { return nil }
    var axis: Int? = 0
    if node.inputs.count > 3, node.inputs[3] != nil {
      guard let axes = graph.integers(node.inputs[3]), axes.count == 1 else { return nil }
      axis = shape.normalized(axis: axes[0])
    }
    guard let axis, axis < shape.rank, axis < result.rank else { return nil }
    let extent = shape[axis]
    let start = min(max(starts[0] < 0 ? starts[0] + extent : starts[0], 0), extent)
    guard result[axis] > 0, start + result[axis] <= extent else { return nil }
    return Piece(
      position: position, axis: axis, range: start..<(start + result[axis]), isSqueezed: false)
  }
}
