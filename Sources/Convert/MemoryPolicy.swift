import ModelFormat

/// How much of a network may be in memory at once while it is converted.
///
/// Weights lie in the source file, which is mapped, and the result is written tensor by tensor. What would
/// hold all of them is a plan to run the network: beyond the limit it runs node by node instead, each with
/// weights of its own that are dropped behind it, and what passes make of weights goes to a file without a
/// name.
struct MemoryPolicy: Sendable {
  /// Bytes that a conversion may take unless the user says otherwise.
  static let usualLimit = 1 << 30

  /// The most bytes.
  let limit: Int
  /// Whether the user has said so.
  let isStated: Bool

  init(_ options: ConversionOptions) {
    limit = options.maximumMemory ?? Self.usualLimit
    isStated = options.maximumMemory != nil
  }

  /// Whether the weights of `graph` may be in memory all at once; a quarter is for all else.
  func fits(_ graph: Graph) -> Bool { Self.weightBytes(graph) <= limit / 4 * 3 }

  /// Refuses a limit that one layer alone would exceed: it is read, changed and packed.
  func requireLargest(of graph: Graph) throws(ConvertError) {
    let largest = graph.values.reduce(0) { largest, value in
      max(largest, (value.constant?.shape.count ?? 0) * value.type.size)
    }
    let needed = 3 * largest + (64 << 20)
    guard !isStated || needed <= limit else {
      throw .memory(work: "the largest layer", needed: needed, limit: limit)
    }
  }

  /// Refuses work that needs all weights in memory where the user has allowed less.
  func requireFit(_ graph: Graph, for work: String) throws(ConvertError) {
    guard isStated, !fits(graph) else { return }
    throw .memory(work: work, needed: Self.weightBytes(graph) / 3 * 4, limit: limit)
  }

  /// Bytes of all constants as operators read them.
  private static func weightBytes(_ graph: Graph) -> Int {
    graph.values.reduce(0) { sum, value in
      guard let constant = value.constant else { return sum }
      return min(sum + constant.shape.count * value.type.size, 1 << 60)
    }
  }
}
