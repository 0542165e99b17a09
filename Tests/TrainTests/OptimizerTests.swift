import Kernels
import Testing

@testable import Train

struct OptimizerTests {
  static let rules: [(String, OptimizerRule)] = [
    ("sgd", .sgd(momentum: 0, decay: 0.01)),
    ("sgd-momentum", .sgd(momentum: 0.9, decay: 0.01)),
    ("sgd-nesterov", .sgd(momentum: 0.9, isNesterov: true, decay: 0.01)),
    ("adamw", .adamW(decay: 0.05)),
  ]

  /// Runs steps of a fixture: weights that decay, a bias that does not, gradients clipped to a norm of 3.
  private final class Run {
    var weights: [Float], bias: [Float], norms: [Float] = []
    let optimizer: Optimizer
    let gradients: [Float]
    let pool = ThreadPool(threads: 2)

    init(_ name: String, _ rule: OptimizerRule) throws {
      let fixture = try TrainingFixture(name)
      weights = try fixture.floats("weights")
      bias = try fixture.floats("bias")
      gradients = try fixture.floats("gradients")
      optimizer = Optimizer(rule, counts: [12, 5])
    }

    func step(_ range: Range<Int>, mask: WeightMask? = nil) {
      for step in range {
        var g = Array(gradients[step * 17..<step * 17 + 12])
        var h = Array(gradients[step * 17 + 12..<step * 17 + 17])
        weights.withUnsafeMutableBufferPointer { weights in
          bias.withUnsafeMutableBufferPointer { bias in
            g.withUnsafeMutableBufferPointer { g in
              h.withUnsafeMutableBufferPointer { h in
                let parameters = [
                  TrainedParameter(values: weights, gradient: g, decays: true),
                  TrainedParameter(values: bias, gradient: h, decays: false),
                ]
                let norm = GradientNorm(parameters, pool: pool)
                norms.append(Float(norm.value))
                optimizer.step(
                  parameters, masks: [mask, nil], rate: 0.02 * Double(step + 1),
                  scale: norm.scale(limit: 3), pool: pool)
              }
            }
          }
        }
      }
    }
  }

  @Test(arguments: rules)
  func twentyStepsArePyTorchs(name: String, rule: OptimizerRule) throws {
    let run = try Run(name, rule)
    run.step(0..<20)
    let fixture = try TrainingFixture(name)
    expectClose(run.norms, try fixture.floats("norms"), 1e-6)
    expectClose(run.weights, try fixture.floats("weights_after"), 3e-6)
    expectClose(run.bias, try fixture.floats("bias_after"), 3e-6)
  }

  @Test(arguments: rules)
  func aRestoredStateGoesOnExactly(name: String, rule: OptimizerRule) throws {
    let whole = try Run(name, rule)
    whole.step(0..<20)
    let first = try Run(name, rule)
    first.step(0..<7)
    let second = try Run(name, rule)
    (second.weights, second.bias) = (first.weights, first.bias)
    try second.optimizer.restore(first.optimizer.state)
    second.step(7..<20)
    #expect(second.weights == whole.weights)
    #expect(second.bias == whole.bias)
    #expect(second.optimizer.state == whole.optimizer.state)
  }

  @Test func statesOfOthersAreRefused() throws {
    let run = try Run("adamw", .adamW())
    run.step(0..<3)
    let state = run.optimizer.state
    #expect(throws: StateError.other) {
      try Optimizer(.sgd(), counts: [12, 5]).restore(state)
    }
    #expect(throws: StateError.other) {
      try Optimizer(.adamW(), counts: [12, 6]).restore(state)
    }
    #expect(throws: StateError.other) { try Optimizer(.adamW(), counts: [12]).restore(state) }
    let fresh = Optimizer(.adamW(), counts: [12, 5])
    for length in 0..<state.count {
      #expect(throws: StateError.self) { try fresh.restore(Array(state[..<length])) }
    }
    #expect(throws: StateError.damaged) { try fresh.restore(state + [0]) }
    #expect(fresh.steps == 0)
    #expect(fresh.moments.allSatisfy { $0.allSatisfy { $0 == 0 } })
  }

  @Test(arguments: rules)
  func maskedWeightsStayZero(name: String, rule: OptimizerRule) throws {
    let run = try Run(name, rule)
    // Weights that have moved, and then go.
    run.step(0..<5)
    var mask = WeightMask(keepingAll: 12)
    for index in [0, 3, 4, 11] { mask[index] = false }
    for step in 5..<20 {
      run.step(step..<step + 1, mask: mask)
      for index in 0..<12 { #expect((run.weights[index] == 0) == !mask[index]) }
    }
    // Nothing is remembered of them either: without the mask they start anew.
    run.optimizer.moments[0].withUnsafeBufferPointer { moments in
      for index in moments.indices where !mask[index % 12] { #expect(moments[index] == 0) }
    }
  }

  @Test func ratesFollowTheirForm() throws {
    let cosine = RateSchedule(peak: 0.5, steps: 12, form: .cosine(floor: 0.1))
    expectClose(
      (0..<12).map { Float(cosine.rate(at: $0)) }, try TrainingFixture("cosine").floats("rates"),
      1e-6)
    let warm = RateSchedule(peak: 1, steps: 10, warmUp: 3)
    #expect((0..<5).map { warm.rate(at: $0) } == [0.25, 0.5, 0.75, 1, 1])
    let stepped = RateSchedule(peak: 1, steps: 10, form: .steps(at: [0.5, 0.8], factor: 0.5))
    #expect(
      (0..<11).map { stepped.rate(at: $0) } == [1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25])
  }

  @Test func averagesAreUnbiasedFromTheStart() throws {
    let values: [[Float]] = [[1, 10], [2, 20], [4, 40], [8, 80]]
    let average = MovingAverage(decay: 0.75, counts: [2])
    var sums = [0.0, 0.0]
    var weight = 0.0
    let pool = ThreadPool()
    for (step, value) in values.enumerated() {
      value.withUnsafeBufferPointer { average.update([$0], pool: pool) }
      // By the definition: each step's share decays, and all are divided by their sum.
      weight = weight * 0.75 + 0.25
      for i in 0..<2 { sums[i] = sums[i] * 0.75 + 0.25 * Double(value[i]) }
      expectClose(average.values[0], sums.map { Float($0 / weight) }, 1e-6)
      if step == 1 {
        let other = MovingAverage(decay: 0.75, counts: [2])
        try other.restore(average.state)
        #expect(other.values == average.values && other.steps == average.steps)
        #expect(throws: StateError.other) {
          try MovingAverage(decay: 0.75, counts: [3]).restore(average.state)
        }
      }
    }
  }
}
