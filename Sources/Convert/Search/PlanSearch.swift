import ModelFormat

/// Finds the plan that reaches a goal with the least error: anytime, the best form so far is there whenever
/// it is stopped.
///
/// Each layer's treatments are measured by themselves, a knapsack chooses among them, the form that comes of
/// it is made and measured as a whole, and the budget corrected by what was found.
struct PlanSearch {
  /// A form of the network, and what was measured of it.
  struct Form {
    var plan: CompressionPlan
    var graph: Graph
    var step: SearchStep
  }

  let goal: SearchGoal
  let sensitivity: Sensitivity
  /// The treatments that the options of each layer stand for.
  let treatments: [[LayerTreatment]]
  /// What holds for layers that have no options, and for all other nodes.
  let base: CompressionPlan
  let stop: StopSignal
  /// Bytes of a file beside the weights of its layers.
  let besideBytes: Double
  /// Makes the form of a plan and measures it; a final one takes all the care there is.
  let make: (CompressionPlan, _ isFinal: Bool) throws(ConvertError) -> Form

  /// The forms that are made for one goal, at most.
  private static let attempts = 8
  /// Without a limit on the loss, the outputs may be off by so much, as `OutputError.loss` counts.
  private static let error = 0.02
  /// What all bytes of a network weigh beside all its time, where no goal names either.
  private static let byteWeight = 0.1

  /// Called with the number of forms that were made.
  var onStep: (Int) -> Void = { _ in }
  private(set) var steps: [SearchStep] = []
  private(set) var best: Form?

  init(
    goal: SearchGoal, _ sensitivity: Sensitivity, _ treatments: [[LayerTreatment]],
    base: CompressionPlan, stop: StopSignal, besideBytes: Double,
    make: @escaping (CompressionPlan, _ isFinal: Bool) throws(ConvertError) -> Form
  ) {
    self.goal = goal
    self.sensitivity = sensitivity
    self.treatments = treatments
    self.base = base
    self.stop = stop
    self.besideBytes = besideBytes
    self.make = make
  }

  /// Searches; afterwards `best` is the best form.
  mutating func run() throws(ConvertError) {
    if let bytes = goal.bytes {
      try fit(
        Budget(
          limit: Double(bytes), cost: { Double($0.bytes) }, error: \.error,
          measured: { Double($0.bytes) }, beside: besideBytes), start: eight)
    } else if let ms = goal.ms {
      try fit(
        Budget(limit: ms, cost: { $0.ms ?? 0 }, error: \.error, measured: { $0.ms ?? 0 }),
        start: eight)
    } else if goal.drop != nil {
      try shrink()
    } else {
      // The least time within an error; errors of layers add up to that of the whole. Bytes count a little:
      // what takes no longer in fewer is stored so.
      let float = choice { options in options.indices.first }
      let ms = max(total(float) { $0.ms ?? 0 }, 1e-9)
      let bytes = max(total(float) { Double($0.bytes) }, 1)
      try fit(
        Budget(
          limit: Self.error, cost: \.error,
          error: { ($0.ms ?? 0) / ms + Self.byteWeight * Double($0.bytes) / bytes },
          measured: \.error, beside: 0), start: eight)
    }
    guard goal.drop == nil || goal.bytes != nil || goal.ms != nil, !stop.isOver, let best else {
      return
    }
    _ = try attempt(best.plan, isFinal: true)
  }

  /// Tries a form, and keeps it where it is better than the best so far.
  private mutating func attempt(
    _ plan: CompressionPlan, isFinal: Bool = false
  ) throws(ConvertError) -> Form {
    let form = try make(plan, isFinal)
    steps.append(form.step)
    onStep(steps.count)
    if best.map({ isBetter(form.step, $0.step) }) ?? true { best = form }
    return form
  }

  /// Whether `a` is to be preferred: it reaches the goal, or comes nearer; then what the goal leaves open.
  private func isBetter(_ a: SearchStep, _ b: SearchStep) -> Bool {
    if a.isMet != b.isMet { return a.isMet }
    if !a.isMet { return excess(a) < excess(b) }
    if goal.drop != nil, goal.bytes == nil, goal.ms == nil { return a.bytes < b.bytes }
    if goal.bytes == nil, goal.ms == nil { return (a.ms ?? 0, a.error) < (b.ms ?? 0, b.error) }
    return a.error < b.error
  }

  /// By how much a form misses the goal, over all limits.
  private func excess(_ step: SearchStep) -> Double {
    var sum = 0.0
    if let bytes = goal.bytes { sum += max(0, Double(step.bytes) / Double(bytes) - 1) }
    if let ms = goal.ms, let took = step.ms { sum += max(0, took / ms - 1) }
    if let drop = goal.drop, let lost = step.drop { sum += max(0, lost - drop) * 10 }
    return sum
  }

  /// What a knapsack spends its budget on.
  private struct Budget {
    let limit: Double
    /// What an option takes of it.
    let cost: (Sensitivity.Option) -> Double
    /// What the knapsack makes small.
    let error: (Sensitivity.Option) -> Double
    /// What a form has taken of it.
    let measured: (SearchStep) -> Double
    /// What is taken beside the layers; nil where a form has to show it.
    var beside: Double?
  }

  /// Brings a measured cost within a budget: the sum over layers is a forecast, which what was measured
  /// corrects.
  private mutating func fit(_ budget: Budget, start: [Int]) throws(ConvertError) {
    let (limit, cost) = (budget.limit, budget.cost)
    var tried: Set<[Int]> = []
    var beside = budget.beside ?? 0
    if budget.beside == nil {
      tried.insert(start)
      beside = budget.measured(try attempt(plan(start)).step) - total(start, cost)
    }
    let cheapest = choice { options in
      options.indices.min { cost(options[$0]) < cost(options[$1]) }
    }
    let items = sensitivity.layers.map { layer in
      layer.options.map { Knapsack.Option(cost: max(0, cost($0)), error: budget.error($0)) }
    }
    for _ in 0..<Self.attempts where !stop.isOver || steps.isEmpty {
      let chosen = Knapsack.solve(items, budget: limit - beside) ?? cheapest
      guard tried.insert(chosen).inserted else { return }
      let found = budget.measured(try attempt(plan(chosen)).step)
      // The next forecast begins where this one was wrong; a part of the slack is left alone.
      beside += (found - beside - total(chosen, cost)) * 1.02
      if found <= limit && found > limit * 0.985 || found > limit && chosen == cheapest { return }
    }
  }

  /// The smallest file that loses no more than the goal allows, by halving the range of sizes.
  private mutating func shrink() throws(ConvertError) {
    let bytes: (Sensitivity.Option) -> Double = { Double($0.bytes) }
    let smallest = choice { options in
      options.indices.min { bytes(options[$0]) < bytes(options[$1]) }
    }
    // Eight bits everywhere are the usual end of the range; float only where even that loses too much.
    let float = choice { options in options.indices.first }
    var (low, high) = (total(smallest, bytes), total(eight, bytes))
    if try !attempt(plan(eight), isFinal: true).step.isMet {
      (low, high) = (high, total(float, bytes))
    }
    for _ in 0..<Self.attempts where !stop.isOver && high - low > 0.01 * high {
      let budget = (low + high) / 2
      let options = sensitivity.layers.map { layer in
        layer.options.map { Knapsack.Option(cost: Double($0.bytes), error: $0.error) }
      }
      guard let chosen = Knapsack.solve(options, budget: budget) else {
        low = budget
        continue
      }
      if try attempt(plan(chosen), isFinal: true).step.isMet { high = budget } else { low = budget }
    }
    if best?.step.isMet == false, !stop.isOver { _ = try attempt(plan(float), isFinal: true) }
  }

  /// Eight bits everywhere.
  private var eight: [Int] {
    choice { options in
      options.firstIndex { $0.treatment.hasPrefix("int8") } ?? options.indices.first
    }
  }

  private func total(_ chosen: [Int], _ cost: (Sensitivity.Option) -> Double) -> Double {
    zip(sensitivity.layers, chosen).reduce(0) { $0 + cost($1.0.options[$1.1]) }
  }

  private func choice(_ pick: ([Sensitivity.Option]) -> Int?) -> [Int] {
    sensitivity.layers.map { pick($0.options) ?? 0 }
  }

  /// The plan in which each layer has its chosen option.
  private func plan(_ chosen: [Int]) -> CompressionPlan {
    var plan = base
    for (index, layer) in sensitivity.layers.enumerated() {
      plan[layer.node] = treatments[index][chosen[index]]
      plan.reasons[layer.node] = reason(layer, chosen[index])
    }
    return plan
  }

  /// What each layer got in `form`.
  func choices(_ form: Form) -> [LayerChoice] {
    sensitivity.layers.enumerated().map { index, layer in
      let treatment = form.plan[layer.node]
      let option = zip(layer.options, treatments[index]).first { $0.1 == treatment }?.0
      return LayerChoice(
        node: layer.node, treatment: treatment.name, bytes: option?.bytes ?? 0,
        error: option?.error ?? 0, reason: form.plan.reasons[layer.node] ?? "")
    }
  }

  /// Why a layer has its option, in words.
  private func reason(_ layer: Sensitivity.Layer, _ chosen: Int) -> String {
    func four(_ layer: Sensitivity.Layer) -> Double? {
      layer.options.first { $0.treatment.contains("4") }?.error
    }
    let all = sensitivity.layers.compactMap(four).sorted()
    let own = four(layer)
    let option = layer.options[chosen]
    if let own, let median = all.isEmpty ? nil : all[all.count / 2], median > 0 {
      return String(tenths: own / median) + " times the median's error at 4 bits, "
        + "\(layer.parameters) weights"
    }
    return option.treatment == "float32"
      ? "eight bits gain no time, or cost too much accuracy" : "\(layer.parameters) weights"
  }
}

extension String {
  /// A number with one digit behind the point.
  init(tenths number: Double) { self = "\((number * 10).rounded() / 10)" }
}
