import ModelFormat

/// The input value of each of the 256 pixel values, for each channel of the model.
struct PixelScale {
  /// 256 values for each channel.
  let table: [Float]

  /// The values `(p / divisor - mean[c]) / deviation[c]`, rounded after each step as numpy does.
  ///
  /// - Throws: `DatasetError.unsuitablePreprocessing` where a divisor is 0 or not finite, or where
  ///   there is neither one mean and deviation nor one for each channel.
  init(_ preprocessing: Preprocessing, channels: Int) throws(DatasetError) {
    let mean = try Self.values(preprocessing.mean, "mean", channels, preprocessing.name)
    let deviation = try Self.values(
      preprocessing.deviation, "deviation", channels, preprocessing.name)
    let divisors = deviation + [preprocessing.divisor]
    guard divisors.allSatisfy({ $0 != 0 && $0.isFinite }), mean.allSatisfy(\.isFinite) else {
      throw .unsuitablePreprocessing(
        name: preprocessing.name, reason: "divisor and deviation must be finite and not 0")
    }
    var table: [Float] = []
    table.reserveCapacity(256 * channels)
    for channel in 0..<channels {
      for pixel in 0..<256 {
        let unit = Float(pixel) / preprocessing.divisor
        table.append((unit - mean[channel]) / deviation[channel])
      }
    }
    self.table = table
  }

  /// One value for each channel.
  private static func values(
    _ given: [Float], _ what: String, _ channels: Int, _ name: String
  ) throws(DatasetError) -> [Float] {
    if given.count == channels { return given }
    guard given.count == 1 else {
      throw .unsuitablePreprocessing(
        name: name, reason: "\(given.count) values of \(what) for \(channels) channels")
    }
    return [Float](repeating: given[0], count: channels)
  }
}
