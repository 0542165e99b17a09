/// One step of gradient descent with momentum, for a range of weights.
struct MomentumStep {
  let momentum: Float
  let isNesterov: Bool
  let decay: Float
  let rate: Float
  let scale: Float
  let isFirst: Bool

  func callAsFunction(
    _ w: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>, _ b: UnsafeMutablePointer<Float>?,
    _ range: Range<Int>
  ) {
    guard let b else {
      for i in range { w[i] -= rate * (g[i] * scale + decay * w[i]) }
      return
    }
    let kept = isFirst ? 0 : momentum
    // Of the direction `first · d + second · b`.
    let first: Float = isNesterov ? 1 : 0
    let second = isNesterov ? momentum : 1
    for i in range {
      let d = g[i] * scale + decay * w[i]
      b[i] = kept * b[i] + d
      w[i] -= rate * (first * d + second * b[i])
    }
  }
}
