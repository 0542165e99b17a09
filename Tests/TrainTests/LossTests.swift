import Kernels
import TestSupport
import Testing

@testable import Train

struct LossTests {
  /// The loss of a case and its gradient, by `loss`.
  private func check(
    _ fixture: TrainingFixture, _ input: String = "logits", tolerance: Float = 1e-5,
    _ loss: (UnsafeBufferPointer<Float>, UnsafeMutableBufferPointer<Float>) throws -> Double
  ) throws {
    let input = try fixture.floats(input)
    // What is there before must not matter.
    var gradient = [Float](repeating: .nan, count: input.count)
    let value = try input.withUnsafeBufferPointer { input in
      try gradient.withUnsafeMutableBufferPointer { try loss(input, $0) }
    }
    expectClose([Float(value)], try fixture.floats("loss"), tolerance)
    expectClose(gradient, try fixture.floats("gradient"), tolerance)
  }

  @Test(arguments: [0.0, 0.1])
  func crossEntropyIsPyTorchs(smoothing: Double) throws {
    let fixture = try TrainingFixture("cross-entropy-\(smoothing)")
    let labels = try fixture.integers("labels")
    try check(fixture) {
      CrossEntropy(smoothing: smoothing)($0, classes: 7, targets: .labels(labels), gradient: $1)
    }
  }

  @Test func crossEntropyTakesSharesAndProbabilities() throws {
    let fixture = try TrainingFixture("cross-entropy-mixed")
    let (labels, other) = (try fixture.integers("labels"), try fixture.integers("other"))
    let share = try fixture.floats("share")
    let loss = CrossEntropy(smoothing: 0.05)
    try check(fixture) {
      loss($0, classes: 7, targets: .mixed(labels, other, share: share), gradient: $1)
    }
    let targets = try fixture.floats("targets")
    try check(fixture) { loss($0, classes: 7, targets: .distributions(targets), gradient: $1) }
  }

  @Test func largeLogitsDoNotOverflow() throws {
    let fixture = try TrainingFixture("cross-entropy-large")
    try check(fixture) {
      CrossEntropy()($0, classes: 4, targets: .labels([1, 2, 3]), gradient: $1)
    }
  }

  @Test(arguments: [1.0, 4.0])
  func distillationIsPyTorchs(temperature: Double) throws {
    let fixture = try TrainingFixture("distillation-\(temperature)")
    let teacher = try fixture.floats("teacher")
    try check(fixture) { logits, gradient in
      teacher.withUnsafeBufferPointer {
        Distillation(temperature: temperature)(
          logits, teacher: $0, classes: 7, gradient: gradient)
      }
    }
  }

  @Test func featureErrorIsPyTorchs() throws {
    let fixture = try TrainingFixture("features")
    let teacher = try fixture.floats("teacher")
    try check(fixture, "x") { features, gradient in
      teacher.withUnsafeBufferPointer {
        FeatureError()(features, teacher: $0, gradient: gradient, pool: ThreadPool())
      }
    }
  }

  @Test func weightsOfLossesMultiplyValueAndGradient() {
    let logits: [Float] = [1, 2, -1, 0.5, 0, 3]
    func run(_ weight: Double) -> (Double, [Float]) {
      var gradient = [Float](repeating: 0, count: 6)
      let value = logits.withUnsafeBufferPointer { logits in
        gradient.withUnsafeMutableBufferPointer {
          CrossEntropy(weight: weight)(logits, classes: 3, targets: .labels([0, 2]), gradient: $0)
        }
      }
      return (value, gradient)
    }
    #expect(run(0.25).0 == run(1).0 / 4)
    #expect(run(0.25).1 == run(1).1.map { $0 / 4 })
  }

  @Test func sumsAreTheSameForAnyNumberOfThreads() {
    var random = SeededGenerator(seed: 3)
    let (x, teacher) = (random.normal(100_003), random.normal(100_003))
    func run(_ threads: Int) -> (Double, [Float]) {
      var gradient = [Float](repeating: 0, count: x.count)
      let value = x.withUnsafeBufferPointer { x in
        teacher.withUnsafeBufferPointer { teacher in
          gradient.withUnsafeMutableBufferPointer {
            FeatureError()(x, teacher: teacher, gradient: $0, pool: ThreadPool(threads: threads))
          }
        }
      }
      return (value, gradient)
    }
    let one = run(1)
    let three = run(3)
    #expect(one.0 == three.0)
    #expect(one.1 == three.1)
    // Against the sum in double, one by one.
    let error = zip(x, teacher).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    let energy = teacher.reduce(0.0) { $0 + Double($1) * Double($1) }
    #expect(abs(one.0 - error / energy) < 1e-6 * one.0)
  }
}
