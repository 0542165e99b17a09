import Train

/// What a training does when: by the steps that are done or the time that is over, whichever is further.
struct LabelledSchedule {
  /// Steps in all, unless time ends them.
  let steps: Int
  private var start = ProcessCosts.now
  /// Seconds in all.
  private var seconds: Double

  /// The part of the time that is taken.
  private static let share = 0.9
  private let rates: RateSchedule
  private let ramp: SparsityRamp

  private static let grain = 10_000
  /// Parts of all: with all weights, and until all zeros are there.
  private static let warm = 0.15, full = 0.6
  /// Steps that bear the highest rate.
  private static let enough = 4_000.0

  /// The schedule for a number of samples; at most nine tenths of `seconds` are taken.
  init(_ options: ConversionOptions, samples: Int, batch: Int, seconds: Double) {
    self.seconds = seconds * Self.share
    let looks =
      options.epochs.map { $0 * samples } ?? max(Self.epochs(options) * samples, 64_000)
    steps = max(1, (looks + batch - 1) / batch)
    rates = RateSchedule(
      peak: min(1, Double(batch) / 128), steps: Self.grain, warmUp: Self.grain / 50,
      form: .cosine(floor: 0.001))
    let (warm, full) = (Double(Self.grain) * Self.warm, Double(Self.grain) * Self.full)
    ramp = SparsityRamp(to: 1, over: Int(warm)..<Int(full), every: Self.grain / 200)
  }

  private static func epochs(_ options: ConversionOptions) -> Int {
    switch options.effort {
    case .fast: 5
    case .balanced: 20
    case .thorough: 60
    }
  }

  /// Seconds since the training began.
  var elapsed: Double { ProcessCosts.now - start }

  /// Goes on from a training that has taken seconds already, which count.
  mutating func count(_ seconds: Double) {
    start -= seconds
    self.seconds += Self.share * seconds
  }

  /// The part that is done before `step`; 1 or more at the end.
  func part(at step: Int) -> Double {
    let time = seconds.isFinite ? (ProcessCosts.now - start) / max(seconds, 1e-3) : 0
    return max(Double(step) / Double(steps), time)
  }

  /// The learning rate at `part` of all, as a part of the highest.
  func rate(at part: Double) -> Double { rates.rate(at: Int(part * Double(Self.grain))) }

  /// What a high rate is multiplied with at `step`, which is at `part` of all: where there are few steps, what
  /// it upsets has no time to settle.
  func caution(at part: Double, step: Int) -> Double {
    let expected = part > 0 ? Double(step) / part : Double(steps)
    return min(1, expected / Self.enough).squareRoot()
  }

  /// The part of the zeros that are wanted.
  func zeros(at part: Double) -> Double { ramp.sparsity(at: Int(part * Double(Self.grain))) }

  /// Whether the teacher is chosen by now.
  func hasTeacher(at part: Double) -> Bool { part >= Self.warm }
}
