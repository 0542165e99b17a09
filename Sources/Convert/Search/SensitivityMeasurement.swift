import ModelFormat

/// Measures what each layer's treatments do to the outputs, one layer at a time.
struct SensitivityMeasurement {
  /// The float network.
  let float: Graph
  /// The mean of what layers read, where calibration knows it.
  let means: [ValueID: [Float]]
  /// Parameters of activations; nil where nothing was calibrated.
  let parameters: [Quantization?]?
  let trial: Trial
  /// The treatments to look at, the same for all layers; float32 is among them always.
  let treatments: [LayerTreatment]
  /// Samples of the trial to run each form on.
  let limit: Int
  let stop: StopSignal
  let progress: (_ done: Int, _ total: Int) -> Void

  /// A layer's tensors under one treatment.
  private struct Form {
    let treatment: LayerTreatment
    let bytes: Int
    /// The squared error of the weights.
    let energy: Double
  }

  /// Bits at which a layer's weights are measured; errors at others follow by the energy of the change.
  private var probe: LayerTreatment {
    LayerTreatment(weights: treatments.first { $0.weights.bits == 4 }?.weights ?? .integer(bits: 4))
  }

  /// Layers with so large a part of all weights decide what a file takes: every treatment is measured.
  private static let large = 0.04

  /// What was found, and the treatments that each layer's options stand for.
  func run() throws(ConvertError) -> (Sensitivity, [[LayerTreatment]]) {
    var result = Sensitivity()
    var treatmentsOfLayers: [[LayerTreatment]] = []
    result.samples = min(limit, trial.count)
    let layers = float.weightedNodes(.none)
    let parameters = layers.reduce(0) { $0 + (float[$1.weights].shape?.count ?? 0) }
    var gains: [Double] = []
    for (done, layer) in layers.enumerated() {
      progress(done, layers.count)
      guard let tensor = float[layer.weights].constant else { continue }
      let forms = treatments.compactMap { form(of: layer, tensor, $0) }
      let isMeasured = !stop.isOver
      if !isMeasured { result.isPartial = true }
      var options = [
        Sensitivity.Option(
          treatment: LayerTreatment.none.name, error: 0, divergence: nil, isMeasured: true,
          bytes: Self.bytes(tensor))
      ]
      var weightGain = gains.isEmpty ? 1 : gains.reduce(0, +) / Double(gains.count)
      let squares = tensor.withFloats { $0.reduce(0.0) { $0 + Double($1) * Double($1) } }
      if isMeasured, let four = form(of: layer, tensor, probe), four.energy > 0, squares > 0 {
        let found = try error(of: layer, probe)
        weightGain = found.loss / (four.energy / squares)
        gains.append(weightGain)
      }
      for form in forms {
        var option = Sensitivity.Option(
          treatment: form.treatment.name,
          error: squares > 0 ? weightGain * form.energy / squares : 0, divergence: nil,
          isMeasured: false, bytes: form.bytes)
        let needsActivations = form.treatment.activations != .float32
        let isOwn =
          form.treatment.weights.bits == 8 && (needsActivations || form.treatment.pruning != nil)
        let isLarge = Double(tensor.shape.count) >= Self.large * Double(parameters)
        if isMeasured, isOwn || isLarge || form.treatment == probe {
          let found = try error(of: layer, form.treatment)
          (option.error, option.divergence, option.isMeasured) = (
            found.loss, found.divergence, true
          )
        } else if needsActivations,
          let plain = forms.first(where: {
            $0.treatment.weights.bits == 8 && $0.treatment.pruning == nil
          }), let eight = options.first(where: { $0.treatment == plain.treatment.name }),
          squares > 0
        {
          // What activations add is that of eight bits.
          option.error += max(0, eight.error - weightGain * plain.energy / squares)
        }
        options.append(option)
      }
      result.layers.append(
        .init(
          node: layer.name, op: float.nodes[layer.position].op, parameters: tensor.shape.count,
          options: options))
      treatmentsOfLayers.append([.none] + forms.map(\.treatment))
    }
    return (result, treatmentsOfLayers)
  }

  /// The error of the network in which one layer is treated.
  private func error(
    of layer: WeightedNode, _ treatment: LayerTreatment
  ) throws(ConvertError) -> OutputError {
    var plan = CompressionPlan()
    plan[layer.name] = treatment
    let quantizer = Quantizer(plan: plan, correctsBias: true)
    var graph = quantizer.rounded(float, means)
    if treatment.activations == .uint8, let parameters = self.parameters {
      graph = quantizer.quantized(graph, parameters)
    }
    return try trial.error(of: graph, limit: limit)
  }

  /// A layer's weights under a treatment; nil where that does not fit it.
  private func form(
    of layer: WeightedNode, _ tensor: Tensor, _ treatment: LayerTreatment
  ) -> Form? {
    if let pruning = treatment.pruning {
      guard WeightGroups(pruning, tensor.shape) != nil else { return nil }
    }
    var plan = CompressionPlan()
    plan[layer.name] = treatment
    let changed = Quantizer(plan: plan, correctsBias: false).rounded(float, [:])
    guard let stored = changed[layer.weights].constant else { return nil }
    let (before, after) = (tensor.floats(), stored.floats())
    let energy = zip(before, after).reduce(0.0) { sum, pair in
      let difference = Double(pair.0) - Double(pair.1)
      return sum + difference * difference
    }
    return Form(treatment: treatment, bytes: Self.bytes(stored.encoded()), energy: energy)
  }

  private static func bytes(_ tensor: Tensor) -> Int { tensor.byteCount + tensor.scaleBytes }
}
