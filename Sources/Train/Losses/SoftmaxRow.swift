/// The softmax of one row of logits, taken from the largest so that nothing overflows.
struct SoftmaxRow {
  private let largest: Double
  private let logarithm: Double
  private let temperature: Double

  /// The softmax of `logits / temperature`.
  init(_ logits: UnsafeBufferPointer<Float>, temperature: Double = 1) {
    var largest = -Double.infinity
    for logit in logits { largest = max(largest, Double(logit)) }
    var sum = 0.0
    for logit in logits { sum += Double.exponential((Double(logit) - largest) / temperature) }
    self.largest = largest
    self.temperature = temperature
    logarithm = Double.logarithm(sum)
  }

  /// The logarithm of the probability of a class with this logit.
  func logarithm(of logit: Float) -> Double { (Double(logit) - largest) / temperature - logarithm }
}
