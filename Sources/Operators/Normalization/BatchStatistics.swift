import ModelFormat

/// BatchNormalization in training: each channel is normalized by its own mean and variance in the batch.
struct BatchStatistics: Sendable {
  private let channels: Int
  private let outer: Int
  private let inner: Int
  private let epsilon: Float
  private let momentum: Float
  private let wantsMean: Bool
  private let wantsVariance: Bool

  /// What a checked node asks for.
  init(_ facts: NodeFacts) throws(OperatorError) {
    let x = try facts.input(0)
    let split = x.shape.rank > 1 ? x.split(at: 1) : (outer: x.count, extent: 1, inner: 1)
    channels = split.extent
    outer = split.outer
    inner = split.inner
    epsilon = try facts.float("epsilon", default: 1e-5)
    momentum = try facts.float("momentum", default: 0.9)
    wantsMean = facts.wantsOutput(1)
    wantsVariance = facts.wantsOutput(2)
  }

  /// The execution; sums are kept in Double.
  func execution() -> Execution {
    Execution(kernel: "portable") { operands in
      let x = operands.input(0, as: Float.self)
      let y = operands.output(as: Float.self)
      for channel in 0..<channels {
        func forEach(_ body: (Int) -> Void) {
          for block in 0..<outer {
            let start = (block &* channels &+ channel) &* inner
            for index in start..<(start &+ inner) { body(index) }
          }
        }
        let count = Double(max(1, outer &* inner))
        var sum = 0.0
        forEach { sum += Double(x[$0]) }
        let mean = sum / count
        var squares = 0.0
        forEach { squares += (Double(x[$0]) - mean) * (Double(x[$0]) - mean) }
        let variance = squares / count
        let factor =
          operands.input(1, as: Float.self)[channel] / (Float(variance) + epsilon).squareRoot()
        let offset = operands.input(2, as: Float.self)[channel]
        forEach { y[$0] = (x[$0] - Float(mean)) * factor + offset }
        func move(_ input: Int, _ output: Int, to value: Double) {
          operands.output(output, as: Float.self)[channel] =
            operands.input(input, as: Float.self)[channel] * momentum
            + Float(value) * (1 - momentum)
        }
        if wantsMean { move(3, 1, to: mean) }
        if wantsVariance { move(4, 2, to: variance) }
      }
    }
  }
}
