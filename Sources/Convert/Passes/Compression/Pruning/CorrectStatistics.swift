import Interpreter
import ModelFormat
import Operators

/// Gives each output channel of a pruned network the mean and deviation that it has in the dense one.
///
/// Zeroed weights shift and shrink what a layer puts out, and errors add up from layer to layer. Layers
/// are corrected in order, each on what the corrected layers before it compute: its weights are scaled
/// and its bias shifted for every channel. Needs samples but no labels. (Jordan et al., "REPAIR", 2023,
/// and Saikumar and Varghese, "Signal Collapse in One-Shot Pruning", 2025, restore variance so.)
struct CorrectStatistics {
  let options: ConversionOptions
  let progress: (Converter.Progress) -> Void

  /// Samples are few: a channel's mean over all pixels settles quickly.
  private static let sampleLimit = 48

  /// What was done.
  struct Effect {
    var layers = 0
    var samples = 0
  }

  /// Corrects `graph`, which has the nodes and values of `dense`.
  func apply(
    _ graph: inout Graph, _ dense: Graph, _ nodes: [WeightedNode], _ samples: inout SampleSet
  ) throws(ConvertError) -> Effect {
    var effect = Effect()
    let positions = nodes.map(\.position).filter { position in
      ["Conv", "Gemm"].contains(graph.nodes[position].op)
    }
    let wanted = Set(positions)
    var targets: [Int: ChannelStatistics] = [:]
    effect.samples = try observe(dense, wanted, &samples) {
      targets[$0, default: .init()].add($1, $2)
    }
    var names = FreshNames(graph)
    var budget = GrowthBudget(graph)
    for (done, position) in positions.enumerated() {
      progress(
        Converter.Progress(stage: "correct statistics", done: done, total: positions.count))
      guard let target = targets[position], let output = graph.nodes[position].outputs[0] else {
        continue
      }
      // Only what this layer needs is computed.
      var partial = graph
      partial.outputs = [output]
      partial.nodes.removeSubrange((position + 1)...)
      var found = ChannelStatistics()
      _ = try observe(partial, [position], &samples) { found.add($1, $2) }
      let correction = found.correction(to: target)
      if graph.scaleOutputs(
        of: position, by: correction.factors, plus: correction.shifts, names: &names,
        budget: &budget)
      {
        effect.layers += 1
      }
    }
    return effect
  }

  /// Runs `graph` on samples and hands the outputs of the nodes `wanted` out: node, elements, shape.
  private func observe(
    _ graph: Graph, _ wanted: Set<Int>, _ samples: inout SampleSet,
    _ body: (Int, [Float], Shape) -> Void
  ) throws(ConvertError) -> Int {
    try MemoryPolicy(options).requireFit(graph, for: "correcting statistics by samples")
    let interpreter: Interpreter
    do throws(InterpreterError) {
      interpreter = try Interpreter(graph.withoutDeadNodes(), threads: options.threads)
    } catch { throw .plan(path: options.input, error) }
    let names = Dictionary(
      wanted.compactMap { position in
        graph.nodes[position].outputs[0].map { (graph[$0].name, position) }
      }, uniquingKeysWith: { first, _ in first })
    return try samples.forEach(limit: Self.sampleLimit, into: interpreter) {
      _ throws(ConvertError) in
      try interpreter.compute { step in
        guard interpreter.steps[step].nodeIndex != nil,
          let position = names[interpreter.steps[step].firstOutputName]
        else { return }
        body(position, interpreter.stepFloats(step, 0), interpreter.steps[step].outputShape)
      }
    }
  }
}

/// Sums and squares of each output channel.
struct ChannelStatistics {
  private var sums: [Double] = []
  private var squares: [Double] = []
  private var count = 0

  /// Takes in one output in row-major order: channels are dimension 1 of rank 4 and 3, the last of others.
  mutating func add(_ elements: [Float], _ shape: Shape) {
    let axis = shape.rank >= 3 ? 1 : shape.rank - 1
    guard axis >= 0 else { return }
    let channels = shape[axis]
    let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
    if sums.isEmpty {
      sums = [Double](repeating: 0, count: channels)
      squares = sums
    }
    guard channels == sums.count, channels > 0, inner > 0 else { return }
    for block in 0..<(elements.count / inner) {
      var sum = 0.0
      var square = 0.0
      for index in (block * inner)..<((block + 1) * inner) {
        let element = Double(elements[index])
        sum += element
        square += element * element
      }
      sums[block % channels] += sum
      squares[block % channels] += square
    }
    count += elements.count / channels
  }

  /// Factors and shifts that give these statistics the mean and deviation of `target`.
  func correction(to target: ChannelStatistics) -> (factors: [Double], shifts: [Double]) {
    var factors: [Double] = []
    var shifts: [Double] = []
    for channel in sums.indices {
      let (mean, deviation) = self[channel]
      let (wantedMean, wantedDeviation) = target[channel]
      // A channel that hardly varies has no scale to restore; a large factor would restore noise.
      let ratio = deviation > 1e-6 ? wantedDeviation / deviation : 1
      let factor = ratio.isFinite && ratio > 0 ? min(max(ratio, 0.25), 4) : 1
      factors.append(factor)
      shifts.append(wantedMean - factor * mean)
    }
    return (factors, shifts)
  }

  private subscript(channel: Int) -> (mean: Double, deviation: Double) {
    let mean = sums[channel] / Double(max(1, count))
    let variance = squares[channel] / Double(max(1, count)) - mean * mean
    return (mean, max(0, variance).squareRoot())
  }
}
