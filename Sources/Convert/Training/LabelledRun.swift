import Kernels
import ModelFormat
import Train

/// A training as it goes.
struct LabelledRun {
  let training: LabelledTraining
  let logits: ValueID
  let classes: Int
  let inputs: [ValueID]
  var schedule: LabelledSchedule
  let student: SparseStudent
  var teacher: TrainingNetwork
  var samples: LabelledSamples

  /// What was done so far.
  var effect = LabelledTraining.Effect()
  /// The network that did best, with all zeros that are wanted; nil for the one that came in.
  var best: Graph?
  /// Where it is.
  var state = State()
  private var softened: [Float] = []

  /// Parts of the training between which the network is judged.
  private static let judgements = 20
  /// The fewest steps between growths of zeros.
  static let recovery = 10
  /// The part of labels that is spread over all classes.
  private static let smoothing = 0.1
  /// The part of the loss that is the divergence from the teacher, and its temperature.
  private static let share = 0.5, temperature = 2.0

  init(
    training: LabelledTraining, logits: ValueID, classes: Int, inputs: [ValueID],
    schedule: LabelledSchedule, student: SparseStudent, teacher: TrainingNetwork,
    samples: LabelledSamples
  ) {
    self.training = training
    self.logits = logits
    self.classes = classes
    self.inputs = inputs
    self.schedule = schedule
    self.student = student
    self.teacher = teacher
    self.samples = samples
  }

  /// Trains to the end, or until time is over.
  mutating func run(hasGoals: Bool) throws(ConvertError) {
    effect.batch = teacher.batch
    effect.samples = samples.shown.count
    if try !restore() { try begin() }
    effect.held = effect.before.count
    while true {
      let part = schedule.part(at: effect.steps)
      let isOver = part >= 1 || training.stop.wasGiven
      if !state.isTaught, schedule.hasTeacher(at: part) || isOver {
        state.isTaught = true
        try chooseTeacher()
      }
      let wanted = isOver ? 1 : schedule.zeros(at: part)
      if wanted > state.zeros,
        isOver || wanted >= 1 || effect.steps >= state.grown + Self.recovery
      {
        state.grown = effect.steps
        student.grow(to: wanted)
        state.zeros = wanted
      }
      let judgement = Int(part * Double(Self.judgements))
      if isOver || judgement > state.judged {
        state.judged = judgement
        if state.zeros >= 1 || !hasGoals { try consider() }
      }
      if isOver { break }
      state.loss += 0.05 * (try step(part, state.isTaught) - state.loss)
      show(state.loss, part)
      keep()
    }
    effect.zeros = student.zeros
  }

  /// Judges the network that came in.
  private mutating func begin() throws(ConvertError) {
    effect.before = try judge(teacher)
    guard effect.before.count > 0 else { throw .foreignLabels(classes: classes) }
    if samples.mirrors {
      let mirrored = try judge(teacher, isMirrored: true)
      samples.mirrors = mirrored.accuracy > 0.9 * effect.before.accuracy
    }
    effect.dense = effect.before
  }

  /// One step; returns its loss.
  private mutating func step(_ part: Double, _ isTaught: Bool) throws(ConvertError) -> Double {
    let (network, inputs) = (student.network, inputs)
    let labels = try samples.fill(effect.steps, network.pool) { Self.bytes(network, inputs[$0]) }
    network.clearGradients()
    network.forward(.train)
    var loss = 0.0
    if let scores = try? network.activation(logits),
      let gradient = try? network.gradient(of: logits)
    {
      let share = isTaught ? Self.share : 0
      loss = CrossEntropy(smoothing: Self.smoothing, weight: 1 - share)(
        UnsafeBufferPointer(scores), classes: classes, targets: .labels(labels),
        gradient: gradient)
      if share > 0 { loss += imitate(UnsafeBufferPointer(scores), gradient, share) }
    }
    network.backward()
    student.step(
      rate: schedule.rate(at: part), caution: schedule.caution(at: part, step: effect.steps))
    effect.steps += 1
    return loss
  }

  /// Adds the divergence from the teacher on the same inputs, and returns it.
  private mutating func imitate(
    _ scores: UnsafeBufferPointer<Float>, _ gradient: UnsafeMutableBufferPointer<Float>,
    _ share: Double
  ) -> Double {
    for id in inputs {
      Self.bytes(teacher, id).copyMemory(
        from: UnsafeRawBufferPointer(Self.bytes(student.network, id)))
    }
    teacher.forward(.frozen)
    guard let wanted = try? teacher.activation(logits) else { return 0 }
    if softened.count < scores.count { softened = [Float](repeating: 0, count: scores.count) }
    let classes = classes
    return softened.withUnsafeMutableBufferPointer { softened in
      let loss = Distillation(temperature: Self.temperature, weight: share)(
        scores, teacher: UnsafeBufferPointer(wanted), classes: classes, gradient: softened)
      for i in gradient.indices { gradient[i] += softened[i] }
      return loss
    }
  }

  /// Lets the network with all its weights teach from now on, where it is better than the one that came in.
  private mutating func chooseTeacher() throws(ConvertError) {
    let dense = try student.withAverage { () throws(ConvertError) in student.network.graph() }
    let candidate = try network(dense)
    let score = try judge(candidate)
    guard score.isBetter(than: effect.before) else { return }
    teacher = candidate
    state.teacher = dense
    effect.dense = score
  }

  /// A network that teaches.
  func network(_ graph: Graph) throws(ConvertError) -> TrainingNetwork {
    let (logits, old) = (logits, teacher)
    return try training.trying { () throws(TrainingError) in
      try TrainingNetwork(
        graph, batch: old.batch, parameters: [], threads: old.pool.threads, keeps: [logits])
    }
  }

  /// Keeps the average of the last steps where it is the best network so far.
  private mutating func consider() throws(ConvertError) {
    let student = student
    let (score, graph) = try student.withAverage { () throws(ConvertError) in
      (try judge(student.network), student.network.graph())
    }
    guard score.isBetter(than: effect.after) else { return }
    effect.after = score
    best = graph
  }

  /// How `network` does on samples held back.
  private mutating func judge(
    _ network: TrainingNetwork, isMirrored: Bool = false
  ) throws(ConvertError) -> LabelledScore {
    var score = LabelledScore()
    let inputs = inputs
    for number in 0..<samples.heldBatches {
      let labels = try samples.fillHeld(number, isMirrored: isMirrored, network.pool) {
        Self.bytes(network, inputs[$0])
      }
      network.forward(.frozen)
      if let scores = try? network.activation(logits) {
        score.add(UnsafeBufferPointer(scores), classes: classes, labels: labels)
      }
    }
    return score
  }

  private func show(_ loss: Double, _ part: Double) {
    let zeros = student.prunable > 0 ? Double(student.zeros) / Double(student.prunable) : 0
    training.progress(
      Converter.Progress(
        stage: "train", done: effect.steps,
        total: max(effect.steps, min(schedule.steps, Int(Double(effect.steps) / max(part, 1e-9)))),
        detail: "loss \(((loss * 1000).rounded()) / 1000), \((100 * zeros).tenths) % zeros, "
          + "held back \((effect.after.count > 0 ? effect.after : effect.dense).text)"))
  }

  private static func bytes(
    _ network: TrainingNetwork, _ id: ValueID
  ) -> UnsafeMutableRawBufferPointer {
    (try? network.activation(id)).map { UnsafeMutableRawBufferPointer($0) }
      ?? UnsafeMutableRawBufferPointer(start: nil, count: 0)
  }
}
