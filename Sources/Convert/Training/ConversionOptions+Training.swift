extension ConversionOptions {
  /// Samples that stand for all others where ranges come from those that are trained on.
  private static let rangeSamples = 512

  /// The options where training data serves to calibrate with as well, unless other samples are given.
  var forTraining: ConversionOptions {
    guard let trainingData, calibration == nil else { return self }
    var options = self
    options.calibration = trainingData
    options.samples = samples ?? Self.rangeSamples
    return options
  }
}
