import ModelFormat

extension GraphPass {
  /// Constants with equal content become one value.
  ///
  /// Exporters write the bounds of every Clip and the axes of every reduction anew.
  static let shareConstants = GraphPass(
    name: "share-constants", summary: "equal constants become one"
  ) { graph in
    struct Key: Hashable {
      let type: ElementType
      let shape: Shape
      let bytes: [UInt8]
    }
    var known: [Key: ValueID] = [:]
    var replacement = [ValueID?](repeating: nil, count: graph.values.count)
    var changes = 0
    for index in graph.values.indices {
      let value = graph.values[index]
      // Small ones only: the file stores equal tensors once in any case.
      guard let tensor = value.constant, tensor.byteCount <= 64, tensor.quantization == nil,
        tensor.type == value.type, tensor.encoding == .dense
      else { continue }
      let key = Key(type: tensor.type, shape: tensor.shape, bytes: tensor.values.array)
      if let first = known[key] {
        replacement[index] = first
        changes += 1
      } else {
        known[key] = ValueID(index)
      }
    }
    for index in graph.nodes.indices {
      graph.nodes[index].inputs = graph.nodes[index].inputs.map { id in
        id.map { replacement[$0.index] ?? $0 }
      }
    }
    return changes
  }
}
