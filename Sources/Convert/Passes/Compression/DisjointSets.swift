/// Sets of numbers that only grow together (Galler and Fischer, 1964), with paths halved.
struct DisjointSets {
  private var parents: [Int]

  /// Numbers below `count`, each by itself.
  init(count: Int) { parents = [Int](0..<count) }

  /// The number that stands for the set of `member`.
  mutating func root(of member: Int) -> Int {
    var member = member
    while parents[member] != member {
      parents[member] = parents[parents[member]]
      member = parents[member]
    }
    return member
  }

  /// Makes one set of two; the smaller number stands for it.
  mutating func unite(_ a: Int, _ b: Int) {
    let (x, y) = (root(of: a), root(of: b))
    parents[max(x, y)] = min(x, y)
  }
}
