import ModelFormat

/// How many bytes of new constants a rewrite may make, and how much it may compute for them.
///
/// A small file must not become a large network, nor keep the machine busy: nodes cost some bytes, and
/// each may ask for another form of the same large weights. What is beyond the budget stays as it is.
struct GrowthBudget {
  /// Bytes that may always be made.
  static let freeBytes = 64 << 20
  /// Elements and products that may always be computed.
  static let freeWork = 1 << 30

  private var bytes: Int
  private var work: Int
  /// Bytes of the constants at the beginning.
  let held: Int

  /// A budget of `factor` times the bytes of the constants of `graph`, and 64 times them in work.
  ///
  /// Passes run one after the other, each on what the one before has made: more than once the bytes is
  /// for the one pass that may have to compute several forms of each weight.
  init(_ graph: Graph, factor: Int = 1) {
    var held = 0
    for value in graph.values {
      guard let constant = value.constant else { continue }
      held = min(held + constant.shape.count * value.type.size, 1 << 48)
    }
    self.held = held
    bytes = Self.freeBytes + factor * held
    work = Self.freeWork + 64 * held
  }

  /// Takes `bytes` and `work` where both are left; otherwise nothing, and returns false.
  mutating func take(bytes: Int, work: Int) -> Bool {
    guard bytes <= self.bytes, work <= self.work else { return false }
    self.bytes -= max(0, bytes)
    self.work -= max(0, work)
    return true
  }
}
