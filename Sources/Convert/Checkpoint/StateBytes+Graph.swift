import ModelFormat
import Train

extension StateWriter {
  /// Writes the float constants `ids` of `graph`.
  mutating func append(_ graph: Graph, _ ids: [ValueID]) {
    for id in ids { append(graph[id].constant?.floats() ?? []) }
  }
}

extension StateReader {
  /// `graph` with the constants `ids` that were written of one with the same constants.
  mutating func graph(like graph: Graph, _ ids: [ValueID]) throws(StateError) -> Graph {
    var result = graph
    for id in ids {
      guard let shape = graph[id].constant?.shape else { throw .other }
      result[id].constant = Tensor(try floats(shape.count), shape: shape)
    }
    return result
  }
}
