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
  /// Makes the form of a plan and measures it; a final one takes all the care there is.
  let make: (CompressionPlan, _ isFinal: Bool) throws(ConvertError) -> Form

  /// The forms that are made for one goal, at most.
  private static let attempts = 8
  /// Without a limit on the loss, the outputs may be off by so much, as `OutputError.loss` counts.
  private static let error = 0.02

  /// Called with the number of forms that were made.
  var onStep: (Int) -> Void = { _ in }
  private(set) var steps: [SearchStep] = []
  private(set) var best: Form?

  init(
    goal: SearchGoal, _ sensitivity: Sensitivity, _ treatments: [[LayerTreatment]],
    base: CompressionPlan, stop: StopSignal,
    make: @escaping (CompressionPlan, _ isFinal: Bool) throws(ConvertError) -> Form
  ) {
    self.goal = goal
    self.sensitivity = sensitivity
    self.treatments = treatments
    self.base = base
    self.stop = stop
    self.make = make
  }

  /// Searches; afterwards `best` is the best form.
  mutating func run() throws(ConvertError) {
    if let bytes = goal.bytes {
      try fit(Double(bytes), { Double($0.bytes) }) { Double($0.step.bytes) }
    } else if let ms = goal.ms {
      try fit(ms, { $0.ms ?? 0 }) { $0.step.ms ?? 0 }
    } else if goal.drop != nil {
      try shrink()
    } else {
      try fit(Self.error, { $0.error }, isErrorBudget: true) { $0.step.error }
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

  /// Brings a measured cost within `limit`: the sum over layers is a forecast, which what was measured
  /// corrects.
  private mutating func fit(
    _ limit: Double, _ cost: (Sensitivity.Option) -> Double, isErrorBudget: Bool = false,
    _ measured: (Form) -> Double
  ) throws(ConvertError) {
    // What a file holds, or a run takes, beside the layers: found with the cheapest form.
    let cheapest = choice { options in options.indices.min { cost(options[$0]) < cost(options[$1]) }
    }
    let first = try attempt(plan(cheapest))
    guard isErrorBudget || measured(first) <= limit else { return }
    var beside = isErrorBudget ? 0 : measured(first) - total(cheapest, cost)
    var tried = Set([cheapest])
    for _ in 0..<Self.attempts where !stop.isOver {
      let options = sensitivity.layers.map { layer in
        layer.options.map { option in
          isErrorBudget
            ? Knapsack.Option(cost: option.error, error: option.ms ?? 0)
            : Knapsack.Option(cost: max(0, cost(option)), error: option.error)
        }
      }
      guard let chosen = Knapsack.solve(options, budget: limit - beside),
        tried.insert(chosen).inserted
      else { return }
      let form = try attempt(plan(chosen))
      let found = measured(form)
      // The next forecast begins where this one was wrong; a part of the slack is left alone.
      beside += (found - beside - total(chosen, cost)) * 1.02
      if found <= limit, found > limit * 0.985 { return }
    }
  }

  /// The smallest file that loses no more than the goal allows, by halving the range of sizes.
  private mutating func shrink() throws(ConvertError) {
    let bytes: (Sensitivity.Option) -> Double = { Double($0.bytes) }
    let smallest = choice { options in
      options.indices.min { bytes(options[$0]) < bytes(options[$1]) }
    }
    // Eight bits everywhere, the usual end of the range; float only where even that loses too much.
    let eight = choice { options in
      options.firstIndex { $0.treatment.hasPrefix("int8") } ?? options.indices.first
    }
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
