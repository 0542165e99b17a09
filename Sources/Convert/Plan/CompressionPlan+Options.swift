import ModelFormat

extension CompressionPlan {
  /// The plan that `options` ask for: one treatment for all layers, other ones by rule.
  ///
  /// - Parameters:
  ///   - isCalibrated: whether ranges of activations are known, or will be.
  init(
    _ options: ConversionOptions, _ graph: Graph, isCalibrated: Bool
  ) throws(ConvertError) {
    let excluded = try NodeFilter(matching: options.exclude)
    func treatment(_ mode: ConversionOptions.Quantization) -> LayerTreatment {
      LayerTreatment(
        mode, isCalibrated: isCalibrated, bits: options.weightBits, grid: options.weightGrid)
    }
    self.init(base: treatment(options.quantization))
    var rules: [(matches: NodeFilter, rule: ConversionOptions.LayerRule)] = []
    for rule in options.layerRules {
      rules.append((try NodeFilter(matching: rule.pattern), rule))
    }
    for node in graph.nodes {
      var own = base
      if let reason = own.keepEightBits(of: node, graph) { reasons[node.name] = reason }
      for (matches, rule) in rules where matches.excludes(node) {
        if let mode = rule.quantization { own = treatment(mode) }
        if let pruning = rule.pruning { own.pruning = pruning }
        reasons[node.name] = "--layer '\(rule.pattern)'"
      }
      if excluded.excludes(node) {
        own = .none
        reasons[node.name] = "excluded"
      }
      if own != base { layers[node.name] = own }
    }
  }
}

extension LayerTreatment {
  /// What a mode means for one layer.
  init(
    _ mode: ConversionOptions.Quantization, isCalibrated: Bool, bits: Int? = nil,
    grid: ConversionOptions.Grid = .auto
  ) {
    let integers = isCalibrated ? ActivationType.uint8 : .dynamic
    switch mode {
    case .none: self.init()
    case .fp16: self.init(weights: .float16)
    case .bf16: self.init(weights: .bfloat16)
    case .int8, .auto: self.init(weights: .integer(bits: bits ?? 8), activations: integers)
    case .int8Dynamic: self.init(weights: .integer(bits: bits ?? 8), activations: .dynamic)
    case .int8Weights: self.init(weights: .integer(bits: bits ?? 8))
    case .int4: self.init(weights: .integer(bits: bits ?? 4), activations: integers)
    case .int4Weights: self.init(weights: .integer(bits: bits ?? 4))
    }
    guard weights.isInteger else { return }
    // Of eight bits, a palette would be the grid.
    let most =
      switch grid {
      case .uniform: 0
      case .auto: 4
      case .kmeans: 7
      }
    if weights.bits <= most { weights = .palette(bits: weights.bits) }
  }

  /// Gives eight bits to layers that fewer would spoil for next to no bytes.
  ///
  /// Those with few weights for each output: depthwise convolutions and first layers. Says why.
  fileprivate mutating func keepEightBits(of node: Node, _ graph: Graph) -> String? {
    guard weights.isInteger, weights.bits < 8, node.op == "Conv", node.inputs.count > 1,
      let shape = node.inputs[1].flatMap({ graph[$0].constant?.shape }), shape.rank >= 2,
      shape.dimensions[1...].reduce(1, *) < Self.fewWeights
    else { return nil }
    weights = .integer(bits: 8)
    return "few weights for each output"
  }

  /// Below so many weights for each output fewer than eight bits save little and cost much.
  private static let fewWeights = 32
}
