/// The divergence of a student's classes from a teacher's, both softened by a temperature T, mean over the
/// rows of a batch: `T² · Σ p · (log p − log q)`, with `p` the teacher's and `q` the student's softmax of
/// logits over T (Hinton, Vinyals and Dean, 2015).
public struct Distillation: Sendable, Hashable {
  /// The temperature, above zero: above 1, unlikely classes count more.
  public var temperature: Double
  /// What the loss is multiplied with.
  public var weight: Double

  /// A divergence at a temperature.
  public init(temperature: Double = 1, weight: Double = 1) {
    self.temperature = temperature
    self.weight = weight
  }

  /// The loss of `logits` where `teacher` says otherwise, both [rows][classes]; its derivative with respect
  /// to `logits` replaces what `gradient` holds.
  public func callAsFunction(
    _ logits: UnsafeBufferPointer<Float>, teacher: UnsafeBufferPointer<Float>, classes: Int,
    gradient: UnsafeMutableBufferPointer<Float>? = nil
  ) -> Double {
    gradient?.update(repeating: 0)
    guard classes > 0 else { return 0 }
    let rows = min(logits.count, teacher.count) / classes
    guard rows > 0 else { return 0 }
    let factor = weight / Double(rows)
    var loss = 0.0
    for row in 0..<rows {
      let range = row * classes..<(row + 1) * classes
      let student = SoftmaxRow(
        UnsafeBufferPointer(rebasing: logits[range]), temperature: temperature)
      let wanted = SoftmaxRow(
        UnsafeBufferPointer(rebasing: teacher[range]), temperature: temperature)
      for index in range {
        let p = wanted.logarithm(of: teacher[index])
        let q = student.logarithm(of: logits[index])
        let probability = Double.exponential(p)
        if probability > 0 { loss += probability * (p - q) }
        guard let gradient else { continue }
        gradient[index] = Float(
          factor * temperature * (Double.exponential(q) - probability))
      }
    }
    return loss * factor * temperature * temperature
  }
}
