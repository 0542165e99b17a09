package import ModelFormat

extension Graph {
  /// The network of the ONNX file at `path` in the form that is trained: normalized, its
  /// BatchNormalization folded into weights and its activations fused where `folds`.
  ///
  /// Equal constants stay apart, since each is trained by itself.
  package static func forTraining(path: String, folds: Bool) throws -> Graph {
    var graph = try ONNXSource(path: path, inputShapes: [:]).graph
    let passes =
      folds
      ? GraphPass.normalization + GraphPass.folding + GraphPass.fusion + GraphPass.finishing
      : GraphPass.normalization
    _ = try GraphPass.run(
      passes.filter { $0.name != GraphPass.shareConstants.name }, on: &graph, path: path)
    return graph
  }
}
