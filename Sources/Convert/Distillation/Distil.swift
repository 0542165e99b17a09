import Interpreter
import Kernels
import ModelFormat
import Train

/// Trains a compressed network to put out what the dense one does, on samples without labels.
///
/// First the outputs of blocks are to agree, then those of the network: the divergence of class scores where
/// there are some (Hinton, Vinyals and Dean, 2015; teacher and student see the same look at each image, as
/// Beyer et al., "Knowledge Distillation: A Good Teacher Is Patient and Consistent", 2022, found decisive).
/// Zeros stay zeros. What is kept is the network that does best on samples held back, the one that came in
/// among them; where training leads away from it, it begins there again with smaller steps.
struct Distil {
  let options: ConversionOptions
  let trial: Trial
  let stop: StopSignal
  let progress: (Converter.Progress) -> Void
  var checkpoint: StageCheckpoint?

  /// What was done.
  struct Effect {
    var steps = 0
    var planned = 0
    var batch = 0
    var before = OutputError()
    var after = OutputError()
    /// Why nothing was trained; nil where it was.
    var reason: String?

    /// The effect in words.
    var text: String {
      if let reason { return "left out: " + reason }
      return "\(steps) steps of \(batch) samples, \(after.text) on samples held back, before "
        + before.text
    }
  }

  /// Bytes that activations of a batch of student and teacher may take.
  private static let arena = 768 << 20
  /// How often the network is judged.
  private static let evaluations = 16
  /// How many times in a row it may be no better before training ends.
  static let patience = 6
  /// The highest rate, as a part of each tensor's size, and what it is divided by where it was too high: where
  /// the loss on samples held back is so many times the best one.
  private static let rate = 3e-3, fall = 3.0, tolerance = 1.25

  /// Trains the weights of `nodes` of `graph`, which has the values of `dense`.
  func apply(
    _ graph: inout Graph, dense: Graph, _ nodes: [WeightedNode], _ samples: SampleSet
  ) throws(ConvertError) -> Effect {
    var effect = Effect()
    effect.before = try trial.error(of: graph)
    effect.after = effect.before
    let found: Plan?
    do throws(TrainingError) { found = try plan(graph, dense, nodes) } catch {
      effect.reason = "\(error)"
      return effect
    }
    guard let found else {
      effect.reason = "one sample takes more memory than --max-memory allows"
      return effect
    }
    try train(&graph, found, samples, &effect)
    return effect
  }

  /// Networks for one size of batch.
  struct Plan {
    let batch: Int
    let features: [ValueID]
    let student: StudentNetwork
    let teacher: TrainingNetwork
  }

  /// The largest batch up to 64 that fits; nil where none does.
  private func plan(
    _ graph: Graph, _ dense: Graph, _ nodes: [WeightedNode]
  ) throws(TrainingError) -> Plan? {
    let features = FeaturePoints.find(graph, after: nodes, most: 16)
    let parameters = StudentNetwork.parameters(graph, nodes)
    let limit = min(Self.arena, options.maximumMemory.map { $0 / 2 } ?? .max)
    let own = graph.inputs.first.flatMap { graph[$0].shape }?.dimensions.first ?? 1
    var batch = own > 1 ? own : 64
    while true {
      let bytes =
        try TrainingNetwork.bytes(
          graph, batch: batch, parameters: parameters, threads: options.threads, keeps: features)
        + TrainingNetwork.bytes(
          dense, batch: batch, parameters: [], threads: options.threads, keeps: features)
      if bytes <= limit { break }
      guard batch > own else { return nil }
      batch = max(own, batch / 2)
    }
    return Plan(
      batch: batch, features: features,
      student: try StudentNetwork(
        graph, nodes, batch: batch, keeps: features, threads: options.threads),
      teacher: try TrainingNetwork(
        dense, batch: batch, parameters: [], threads: options.threads, keeps: features))
  }

  /// Looks at samples that training takes in all; with the least effort it is there where asked for alone.
  private func looks(_ samples: Int) -> Int {
    switch options.effort {
    case .fast: min(15 * samples, 75_000)
    case .balanced: min(60 * samples, 300_000)
    case .thorough: min(240 * samples, 2_000_000)
    }
  }

  private func train(
    _ graph: inout Graph, _ plan: Plan, _ samples: SampleSet,
    _ effect: inout Effect
  ) throws(ConvertError) {
    var student = plan.student
    let ports = graph.inputs.map { id in
      var shape = graph[id].shape ?? []
      if shape.rank > 0 { shape[0] = plan.batch }
      return Interpreter.Port(name: graph[id].name, type: graph[id].type, shape: shape)
    }
    guard
      var batches = try SampleBatches(
        samples, ports: ports, batch: plan.batch, seed: options.seed, mixing: 0.3)
    else {
      effect.reason = "there are no samples"
      return
    }
    let steps = looks(samples.indices.count) / plan.batch
    effect.planned = steps
    effect.batch = plan.batch
    let shape = RateSchedule(
      peak: Self.rate, steps: steps, warmUp: min(20, steps / 10), form: .cosine(floor: 0.01))
    let period = max(1, steps / Self.evaluations)
    var state = State(schedule: shape)
    if let found = restore(state, plan, &student, &batches) {
      state = found
      effect.steps = state.steps
      if let best = state.best {
        graph = best
        effect.after = try trial.error(of: best)
      }
    }
    while state.steps < steps, !stop.isOver, state.waited < Self.patience {
      let step = state.steps
      try batches.fill(step, student.network.pool) { port in
        self.bytes(student.network, graph.inputs[port])
      }
      for id in graph.inputs {
        let (from, to) = (bytes(student.network, id), bytes(plan.teacher, id))
        to.copyMemory(from: UnsafeRawBufferPointer(from))
      }
      plan.teacher.forward(.frozen)
      student.network.clearGradients()
      student.network.forward(.frozen)
      lose(plan, graph, part: Double(step) / Double(max(1, steps)))
      student.network.backward()
      student.step(rate: state.schedule.rate(at: step))
      state.steps = step + 1
      effect.steps = step + 1
      if (step + 1) % period == 0 || step + 1 == steps {
        let candidate = student.network.graph()
        let error = try trial.error(of: candidate)
        state.waited += 1
        if error.loss < effect.after.loss {
          effect.after = error
          graph = candidate
          state.best = candidate
          state.waited = 0
        } else if error.loss > Self.tolerance * effect.after.loss {
          student.restart(from: graph)
          state.schedule.peak /= Self.fall
        }
      }
      progress(
        Converter.Progress(
          stage: "distil, agreement \(Int((100 * effect.after.agreement).rounded())) %",
          done: step + 1, total: steps))
      keep(state, plan, student, batches, of: steps)
    }
  }

  /// Gives the student's outputs and features the gradients of their losses.
  private func lose(_ plan: Plan, _ graph: Graph, part: Double) {
    let (student, teacher) = (plan.student.network, plan.teacher)
    // Features first, then more and more the outputs.
    let features = (1 - part) / Double(max(1, plan.features.count))
    for id in plan.features {
      guard let x = try? student.activation(id), let t = try? teacher.activation(id),
        let gradient = try? student.gradient(of: id)
      else { continue }
      _ = FeatureError(weight: features)(
        UnsafeBufferPointer(x), teacher: UnsafeBufferPointer(t), gradient: gradient,
        pool: student.pool)
    }
    for id in graph.outputs {
      guard let x = try? student.activation(id), let t = try? teacher.activation(id),
        let gradient = try? student.gradient(of: id)
      else { continue }
      let rows = x.count / plan.batch
      if id == graph.outputs.first, Self.isScores(graph, id), rows > 1 {
        _ = Distillation(weight: 0.1 + 0.9 * part)(
          UnsafeBufferPointer(x), teacher: UnsafeBufferPointer(t), classes: rows,
          gradient: gradient)
      } else {
        _ = FeatureError(weight: 1 / Double(graph.outputs.count))(
          UnsafeBufferPointer(x), teacher: UnsafeBufferPointer(t), gradient: gradient,
          pool: student.pool)
      }
    }
  }

  /// Whether an output holds logits of classes: probabilities have no softmax behind them.
  private static func isScores(_ graph: Graph, _ id: ValueID) -> Bool {
    let port = Interpreter.Port(
      name: graph[id].name, type: graph[id].type, shape: graph[id].shape ?? [])
    let maker = graph.nodes.last { $0.outputs.contains(id) }
    return port.isClassScores && maker?.op != "Softmax" && maker?.op != "Sigmoid"
  }

  private func bytes(
    _ network: TrainingNetwork, _ id: ValueID
  ) -> UnsafeMutableRawBufferPointer {
    (try? network.activation(id)).map { UnsafeMutableRawBufferPointer($0) }
      ?? UnsafeMutableRawBufferPointer(start: nil, count: 0)
  }
}
