public import ModelFormat

/// What a network is made of, counted from its graph: the type that weights are stored in, and whether
/// they are zero, changes neither parameters nor multiply-accumulates.
public struct GraphTotals: Sendable, Hashable {
  /// Elements of all float constants of rank one or more.
  public var parameters = 0
  /// Those that are not zero.
  public var nonzero = 0
  /// Multiply-accumulates of one run.
  public var macs = 0
  /// The same without those that a zero weight takes part in.
  public var effectiveMacs = 0
  /// Bytes of all constants in the file, scales included.
  public var weightBytes = 0

  /// Counts `graph`, whose shapes are known.
  public init(_ graph: Graph) {
    var counted = Set<Int>()
    for node in graph.nodes {
      let macs = min(max(graph.multiplyAccumulates(of: node), 0), 1 << 62)
      self.macs = Self.sum(self.macs, macs)
      effectiveMacs = Self.sum(
        effectiveMacs, Int((Double(macs) * Self.density(node, graph)).rounded()))
      for case let id? in node.inputs {
        guard let tensor = graph[id].constant, counted.insert(id.index).inserted else { continue }
        weightBytes += tensor.byteCount + tensor.scaleBytes
        guard graph[id].type == .float32, tensor.shape.rank >= 1 else { continue }
        parameters += tensor.shape.count
        nonzero += tensor.nonzeroCount
      }
    }
  }

  /// The sum, at most 2⁶²: a graph may state more than any machine can compute.
  private static func sum(_ a: Int, _ b: Int) -> Int {
    min(a + min(max(b, 0), 1 << 62), 1 << 62)
  }

  /// The fraction of a node's weights that are not zero; one where it has none.
  public static func density(_ node: Node, _ graph: Graph) -> Double {
    guard node.inputs.count > 1, let id = node.inputs[1], let tensor = graph[id].constant,
      tensor.shape.count > 0
    else { return 1 }
    return Double(tensor.nonzeroCount) / Double(tensor.shape.count)
  }
}

#if !hasFeature(Embedded)
extension GraphTotals: Codable {}
#endif
