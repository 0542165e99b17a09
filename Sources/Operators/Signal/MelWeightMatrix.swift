import ModelFormat

extension Operator {
  /// MelWeightMatrix: what each frequency of a transform adds to each band of the mel scale.
  ///
  /// Inputs, all constant: bands, length of the transform, samples a second, lowest and highest
  /// frequency in hertz. Output: [length / 2 + 1, bands]. Attributes: `output_datatype` (float32 or
  /// float64).
  static let melWeightMatrix = Operator(
    "MelWeightMatrix", since: 17, inputs: 5...5,
    infer: { facts throws(OperatorError) in
      let bands = try MelBands(facts)
      return [try facts.result(try facts.signalType(), [bands.bins, bands.count])]
    },
    prepare: { facts throws(OperatorError) in
      .signal(try MelBands(facts).weights(), try facts.output().type)
    })
}

/// The bands of a node.
private struct MelBands {
  /// Bands, and frequencies of a transform.
  var count: Int, bins: Int
  /// The frequency where each band begins, with two more behind the last.
  var edges: [Int] = []

  init(_ facts: NodeFacts) throws(OperatorError) {
    for index in 0..<5 { _ = try facts.input(index) }
    count = try facts.constantInteger(0, "num_mel_bins") ?? 0
    let length = try facts.constantInteger(1, "dft_length") ?? 0
    let rate = try facts.constantInteger(2, "sample_rate") ?? 0
    let lowest = try facts.constantFloats(3, "lower_edge_hertz") ?? []
    let highest = try facts.constantFloats(4, "upper_edge_hertz") ?? []
    guard count >= 1, count <= 1 << 16, length >= 1, length <= 1 << 24, rate >= 1,
      lowest.count == 1, highest.count == 1, lowest[0] >= 0, highest[0] >= lowest[0]
    else { throw .shapeMismatch("the numbers make no bands") }
    bins = length / 2 + 1
    func mel(_ hertz: Float) -> Double { 2595 * Double.logarithm(1 + Double(hertz) / 700) / ten }
    let ten = Double.logarithm(10)
    let low = mel(lowest[0])
    let step = (mel(highest[0]) - low) / Double(count + 2)
    for i in 0..<(count + 2) {
      let hertz = 700 * (Double.exponential((low + Double(i) * step) / 2595 * ten) - 1)
      let edge = (Double(length + 1) * hertz / Double(rate)).rounded(.down)
      guard edge >= 0, edge < Double(bins) else {
        throw .shapeMismatch("the highest frequency lies beyond half the sample rate")
      }
      edges.append(Int(edge))
    }
  }

  /// Triangles that rise to the middle of a band and fall to the begin of the next but one.
  func weights() -> [Double] {
    var weights = [Double](repeating: 0, count: bins * count)
    for band in 0..<count {
      let (left, center, right) = (edges[band], edges[band + 1], edges[band + 2])
      if left == center { weights[center * count + band] = 1 }
      for bin in left..<(center + 1) where center > left {
        weights[bin * count + band] = Double(bin - left) / Double(center - left)
      }
      for bin in center..<max(center, right) {
        weights[bin * count + band] = Double(right - bin) / Double(right - center)
      }
    }
    return weights
  }
}
