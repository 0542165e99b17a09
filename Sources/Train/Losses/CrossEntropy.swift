/// The cross entropy between targets and the softmax of logits, mean over the rows of a batch:
/// `-Σ t · log softmax(x)`.
///
/// With smoothing ε over C classes each target `t` becomes `(1 - ε) · t + ε / C` (Szegedy et al., 2016).
public struct CrossEntropy: Sendable, Hashable {
  /// The part of each target that is spread over all classes; 0 for none.
  public var smoothing: Double
  /// What the loss is multiplied with: one over the number of micro-batches, where gradients of several add.
  public var weight: Double

  /// A cross entropy with smoothing from 0 to 1.
  public init(smoothing: Double = 0, weight: Double = 1) {
    self.smoothing = smoothing
    self.weight = weight
  }

  /// The loss of `logits`, [rows][classes]; its derivative with respect to them replaces what `gradient`
  /// holds.
  ///
  /// Rows without a target, and targets without a row, are left out of the sum.
  public func callAsFunction(
    _ logits: UnsafeBufferPointer<Float>, classes: Int, targets: ClassTargets,
    gradient: UnsafeMutableBufferPointer<Float>? = nil
  ) -> Double {
    gradient?.update(repeating: 0)
    guard classes > 0 else { return 0 }
    let rows = min(logits.count / classes, targets.rows(classes: classes))
    guard rows > 0 else { return 0 }
    let factor = weight / Double(rows)
    var loss = 0.0
    withUnsafeTemporaryAllocation(of: Double.self, capacity: classes) { target in
      for row in 0..<rows {
        let range = row * classes..<(row + 1) * classes
        let logits = UnsafeBufferPointer(rebasing: logits[range])
        let softmax = SoftmaxRow(logits)
        targets.write(row, to: target)
        var total = 0.0
        for index in 0..<classes {
          target[index] = (1 - smoothing) * target[index] + smoothing / Double(classes)
          total += target[index]
          // What is never to be counts nothing, however unlikely it is found to be.
          if target[index] != 0 { loss -= target[index] * softmax.logarithm(of: logits[index]) }
        }
        guard let gradient else { continue }
        for index in 0..<classes {
          let probability = Double.exponential(softmax.logarithm(of: logits[index]))
          gradient[range.lowerBound + index] = Float(
            factor * (total * probability - target[index]))
        }
      }
    }
    return loss * factor
  }
}
