/// Where the samples of an opened data set come from.
///
/// A source holds an index at most: it decodes one sample at a time, when asked.
protocol SampleSource: Sendable {
  /// The number of samples.
  var count: Int { get }
  /// The name of the sample at `index`, which is in `0..<count`.
  func name(at index: Int) -> String
  /// The sample at `index`, which is in `0..<count`.
  func sample(at index: Int) throws(DatasetError) -> Sample
}
