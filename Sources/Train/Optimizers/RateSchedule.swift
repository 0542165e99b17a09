/// How the learning rate goes from step to step.
public struct RateSchedule: Sendable, Hashable {
  /// The form of a schedule behind its warm-up.
  public enum Form: Sendable, Hashable {
    /// The peak all along.
    case constant
    /// Half a wave of the cosine, down to a part of the peak at the last step (Loshchilov and Hutter, 2017).
    case cosine(floor: Double = 0)
    /// Times `factor` at each of these parts of all steps, from 0 to 1.
    case steps(at: [Double], factor: Double = 0.1)
  }

  /// The highest rate.
  public var peak: Double
  /// Steps in all.
  public var steps: Int
  /// Steps in which the rate rises evenly, from `peak / (warmUp + 1)` to the peak.
  public var warmUp: Int
  /// What comes behind.
  public var form: Form

  /// A schedule over a number of steps.
  public init(peak: Double, steps: Int, warmUp: Int = 0, form: Form = .constant) {
    self.peak = peak
    self.steps = steps
    self.warmUp = warmUp
    self.form = form
  }

  /// The rate of a step, from 0; those behind the end have that of the last.
  public func rate(at step: Int) -> Double {
    let step = min(max(0, step), max(0, steps - 1))
    if step < warmUp { return peak * Double(step + 1) / Double(warmUp + 1) }
    switch form {
    case .constant: return peak
    case .cosine(let floor):
      let part = Double(step - warmUp) / Double(max(1, steps - warmUp))
      return peak * (floor + (1 - floor) * 0.5 * (1 + Double.cosine(Double.pi * part)))
    case .steps(let places, let factor):
      let passed = places.filter { Double(step) >= $0 * Double(steps) }.count
      return peak * Double.power(factor, Double(passed))
    }
  }
}
