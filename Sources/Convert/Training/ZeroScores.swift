import Train

/// How much each weight of a layer counts, from its size and the gradients of the last steps; what counts least
/// goes first.
///
/// A weight's square times the mean square of its gradient is what its going changes the loss by, to
/// second order and with the gradients' squares for the curvature (LeCun, Denker and Solla, "Optimal Brain
/// Damage", 1990).
struct ZeroScores {
  /// Mean squares of gradients, for each weight.
  private var squares: [Float]
  private var steps = 0

  /// The part of the mean that is left of it a step later.
  private static let memory: Float = 0.98
  /// The part of a layer that may go before all other layers have given theirs.
  private static let most = 0.98

  init(count: Int) { squares = [Float](repeating: 0, count: count) }

  func append(to writer: inout StateWriter) {
    writer.append(steps)
    writer.append(squares)
  }

  /// The scores that those of as many weights wrote.
  func restored(from reader: inout StateReader) throws(StateError) -> ZeroScores {
    var scores = self
    scores.steps = try reader.integer(0...1 << 48)
    scores.squares = try reader.floats(squares.count)
    return scores
  }

  /// Takes in the gradients of a step.
  mutating func add(_ gradient: UnsafeBufferPointer<Float>) {
    steps += 1
    let share = max(1 - Self.memory, 1 / Float(steps))
    squares.withUnsafeMutableBufferPointer { squares in
      for i in squares.indices {
        let square = gradient[i] * gradient[i]
        squares[i] += share * (square - squares[i])
      }
    }
  }

  /// The scores of `weights`.
  func scores(_ weights: UnsafeBufferPointer<Float>) -> [Float] {
    var scores = weights.map { $0 * $0 }
    for index in scores.indices { scores[index] *= squares[index] }
    // The largest of a layer stay whatever the others do: without any of them nothing passes.
    let kept = scores.count - Int((Double(scores.count) * Self.most).rounded(.down))
    guard kept > 0, kept < scores.count else { return scores }
    let limit = scores.sorted()[scores.count - kept]
    for index in scores.indices where scores[index] >= limit { scores[index] += 1e20 }
    return scores
  }
}
