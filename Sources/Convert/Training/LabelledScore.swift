import Train

/// How a network does on labelled samples.
struct LabelledScore {
  /// Samples, and those whose class has the largest score.
  private(set) var count = 0, right = 0
  private var losses = 0.0

  /// The part of samples that are right.
  var accuracy: Double { count == 0 ? 0 : Double(right) / Double(count) }
  /// The mean cross entropy.
  var loss: Double { count == 0 ? .infinity : losses / Double(count) }
  /// The accuracy in words.
  var text: String { "\((100 * accuracy).tenths) %" }

  /// Takes in rows of logits, of which those without a class of `labels` do not count.
  mutating func add(_ logits: UnsafeBufferPointer<Float>, classes: Int, labels: [Int]) {
    for (row, label) in labels.enumerated() where (0..<classes).contains(label) {
      let scores = UnsafeBufferPointer(rebasing: logits[row * classes..<(row + 1) * classes])
      var best = 0
      for index in 1..<classes where scores[index] > scores[best] { best = index }
      count += 1
      right += best == label ? 1 : 0
      losses += CrossEntropy()(scores, classes: classes, targets: .labels([label]))
    }
  }

  func append(to writer: inout StateWriter) {
    writer.append(count)
    writer.append(right)
    writer.append(losses)
  }

  /// The score that was written.
  init(from reader: inout StateReader) throws(StateError) {
    count = try reader.integer(0...1 << 32)
    right = try reader.integer(0...count)
    losses = try reader.double()
  }

  /// That of no samples.
  init() {}

  /// Whether this is the better of two.
  func isBetter(than other: LabelledScore) -> Bool {
    (accuracy, other.loss) > (other.accuracy, loss)
  }
}
