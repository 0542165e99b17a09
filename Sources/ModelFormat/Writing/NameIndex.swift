/// Every string of a graph, sorted and numbered.
struct NameIndex {
  private let sorted: [String]
  private let numbers: [String: UInt32]

  init(_ graph: Graph) {
    var all: Set<String> = []
    Self.collect(graph, &all)
    // By bytes, not by locale or canonical equivalence: the reader compares bytes.
    sorted = all.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    numbers = Dictionary(
      uniqueKeysWithValues: sorted.enumerated().map { ($0.element, UInt32($0.offset)) })
  }

  private static func collect(_ graph: Graph, _ all: inout Set<String>) {
    all.insert(graph.name)
    for value in graph.values { all.insert(value.name) }
    for node in graph.nodes {
      all.insert(node.name)
      all.insert(node.op)
      for (name, attribute) in node.attributes {
        all.insert(name)
        switch attribute {
        case .string(let text): all.insert(text)
        case .strings(let texts): all.formUnion(texts)
        default: break
        }
      }
      for body in node.bodies { collect(body, &all) }
    }
  }

  /// The number of a name that the graph holds.
  subscript(name: String) -> UInt32 { numbers[name, default: V1.absent] }

  /// The content of the names section.
  func section() -> [UInt8] {
    var writer = ByteWriter()
    writer.put(UInt32(sorted.count))
    var offset: UInt32 = 0
    writer.put(offset)
    for name in sorted {
      offset += UInt32(name.utf8.count)
      writer.put(offset)
    }
    for name in sorted { writer.put(Array(name.utf8)) }
    return writer.bytes
  }
}
