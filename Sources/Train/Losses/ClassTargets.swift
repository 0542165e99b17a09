/// What a classifier should have said about each row of a batch.
public enum ClassTargets: Sendable {
  /// One class for each row.
  case labels([Int])
  /// Two classes for each row, and the share of the first: what mixup makes.
  case mixed([Int], [Int], share: [Float])
  /// Probabilities, [rows][classes].
  case distributions([Float])

  /// The number of rows, where there are so many classes.
  func rows(classes: Int) -> Int {
    switch self {
    case .labels(let labels): labels.count
    case .mixed(let first, let second, let share): min(first.count, second.count, share.count)
    case .distributions(let all): classes > 0 ? all.count / classes : 0
    }
  }

  /// Writes the probabilities of `row`; a label that is no class leaves its part out.
  func write(_ row: Int, to target: UnsafeMutableBufferPointer<Double>) {
    target.update(repeating: 0)
    func add(_ label: Int, _ share: Double) {
      if target.indices.contains(label) { target[label] += share }
    }
    switch self {
    case .labels(let labels): add(labels[row], 1)
    case .mixed(let first, let second, let share):
      add(first[row], Double(share[row]))
      add(second[row], 1 - Double(share[row]))
    case .distributions(let all):
      for index in target.indices { target[index] = Double(all[row * target.count + index]) }
    }
  }
}
