import ModelFormat

/// Values at which a network is cut in two: all that comes later depends on one of them alone.
///
/// They are the outputs of its blocks: where a compressed network agrees with the original there, it agrees
/// behind as well.
enum FeaturePoints {
  /// Up to `most` of them, spread evenly; those that hold floats and that some layer of `nodes` lies before.
  static func find(_ graph: Graph, after nodes: [WeightedNode], most: Int) -> [ValueID] {
    var lastReader = [Int](repeating: -1, count: graph.values.count)
    for (position, node) in graph.nodes.enumerated() {
      for case let id? in node.inputs { lastReader[id.index] = position }
    }
    for id in graph.outputs { lastReader[id.index] = graph.nodes.count }
    let first = nodes.map(\.position).min() ?? 0
    // Values that are made and will be read again.
    var alive = Set(graph.inputs.filter { lastReader[$0.index] >= 0 }.map(\.index))
    var found: [ValueID] = []
    for (position, node) in graph.nodes.enumerated() {
      for case let id? in node.outputs where lastReader[id.index] > position {
        alive.insert(id.index)
      }
      for case let id? in node.inputs where lastReader[id.index] == position {
        alive.remove(id.index)
      }
      guard position >= first, alive.count == 1, let only = alive.first else { continue }
      let id = ValueID(only)
      guard graph[id].type == .float32, !graph.outputs.contains(id), !found.contains(id),
        graph[id].shape?.rank == 4 || graph[id].shape?.rank == 3
      else { continue }
      // Of a run of them in one block, the last: behind its activation.
      found.append(id)
    }
    guard found.count > most else { return found }
    return (1...most).map { found[$0 * found.count / most - 1] }
  }
}
