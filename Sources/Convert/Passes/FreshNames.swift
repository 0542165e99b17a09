import ModelFormat

/// Names for values that a pass adds; made once, since looking through all names takes time.
struct FreshNames {
  private var taken: Set<String>
  /// The last number given to a name, so that many equal names take linear time.
  private var numbers: [String: Int] = [:]

  /// Names that no value of `graph` has.
  init(_ graph: Graph) { taken = Set(graph.values.map(\.name)) }

  /// A name made from `base` that was not there before.
  mutating func name(_ base: String) -> String {
    if taken.insert(base).inserted { return base }
    var number = numbers[base] ?? 0
    var candidate: String
    repeat {
      number += 1
      candidate = "\(base).\(number)"
    } while !taken.insert(candidate).inserted
    numbers[base] = number
    return candidate
  }
}
