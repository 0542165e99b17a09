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

  /// A budget of `times` the bytes of the constants of `graph` and `free` more, and 64 times that in work.
  ///
  /// Passes multiply: what one has made is there for the next. One that gives each weight another form
  /// needs little more than there was.
  init(_ graph: Graph, times: Int = 2, free: Int = freeBytes / 4) {
    var held = 0
    for value in graph.values {
      guard let constant = value.constant else { continue }
      held = min(held + constant.shape.count * value.type.size, 1 << 48)
    }
    self.held = held
    bytes = free + times * held
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
