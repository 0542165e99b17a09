import Interpreter
import ModelFormat

extension Sensitivity {
  /// Measures what compression would do to each layer of a model: `int8`, `int4` and `block:0.5` weights, with
  /// integer activations where there are calibration samples.
  ///
  /// - Parameters:
  ///   - options: the model, the samples, how images are prepared; nothing is written.
  ///   - stop: ends the measurement early; layers that are left are estimated.
  /// - Throws: `ConvertError`, also where the model has no layer with float weights.
  public static func measure(
    _ options: ConversionOptions, stop: StopSignal = StopSignal(),
    progress: @escaping (Converter.Progress) -> Void = { _ in }
  ) throws(ConvertError) -> (sensitivity: Sensitivity, warnings: [String]) {
    let graph = try floatNetwork(options)
    guard !graph.weightedNodes(.none).isEmpty else {
      throw .nothingToMeasure(options.input)
    }
    var samples = try SampleSet(options, graph)
    var compressor = Compressor(
      options: options, filter: .none, source: "", log: PassLog(recordsCosts: false), stop: stop,
      progress: progress)
    let sensitivity = try compressor.sensitivity(of: graph, &samples)
    return (sensitivity, samples.warnings + compressor.warnings)
  }

  /// The network of a model, fused, with float weights and activations.
  private static func floatNetwork(_ options: ConversionOptions) throws(ConvertError) -> Graph {
    guard options.input.hasSuffix(".onnx") else {
      return try LoadedModel(path: options.input, inputShapes: options.inputShapes).graph
    }
    var graph = try ONNXSource(path: options.input, inputShapes: options.inputShapes).graph
    _ = try GraphPass.run(
      GraphPass.normalization + GraphPass.folding + GraphPass.fusion, on: &graph,
      path: options.input)
    return graph
  }
}
