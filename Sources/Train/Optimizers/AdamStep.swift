/// One step of AdamW, for a range of weights.
struct AdamStep {
  private let beta1: Float
  private let beta2: Float
  private let epsilon: Float
  private let kept: Float
  private let stride: Float
  private let root: Float
  private let scale: Float

  /// Step number `steps`, from 1.
  init(
    beta1: Float, beta2: Float, epsilon: Float, decay: Float, rate: Double, scale: Float, steps: Int
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.scale = scale
    kept = Float(1 - rate * Double(decay))
    // Early means hold less than a full weight of gradients: they are divided by what they hold.
    stride = Float(rate / (1 - Double.power(Double(beta1), Double(steps))))
    root = Float((1 - Double.power(Double(beta2), Double(steps))).squareRoot())
  }

  func callAsFunction(
    _ w: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>,
    _ v: UnsafeMutablePointer<Float>, _ range: Range<Int>
  ) {
    for i in range {
      let gradient = g[i] * scale
      m[i] += (1 - beta1) * (gradient - m[i])
      v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient
      w[i] = w[i] * kept - stride * (m[i] / (v[i].squareRoot() / root + epsilon))
    }
  }
}
