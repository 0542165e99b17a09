/// Samples from a file or folder, decoded one by one when they are asked for.
///
/// What can be opened:
/// - a folder with `labels.tsv` (lines of file name, tab, class index), in the order of the table;
/// - a folder with one folder of images or arrays for each class; a class index is the rank of the
///   folder's name;
/// - a folder of images, `.npy` and `.npz` files without labels, sorted by name;
/// - a WebDataset `.tar` (`00000.jpg`, `00000.cls`);
/// - IDX images (MNIST's format), plain or packed by gzip, with their labels beside them;
/// - one JPEG or PNG image, `.npy` or `.npz` file.
///
/// Kinds of files are told by their bytes, not by their names. Opening a data set makes an index
/// and decodes nothing: memory holds the index and one sample. Only packed IDX files are inflated.
///
/// Files must not be changed in place while a data set is open.
public struct Dataset: Sendable {
  /// The path that was opened.
  public let path: String
  /// The names of the classes by their index; empty where the data set does not name them.
  public let classNames: [String]
  /// The number of samples, of which some may turn out to be unreadable.
  public var count: Int { source.count }

  private let source: any SampleSource

  /// The data set at `path`.
  ///
  /// An `.npy` file whose first extent is N > 1 is one sample, or with `splitBatch` N samples, each
  /// with a first extent of 1.
  ///
  /// - Throws: `DatasetError` where nothing is there, where it holds no samples, or where it is of
  ///   no kind that can be opened. Damage within one sample is reported by `sample(at:)` instead.
  public init(path: String, splitBatch: Bool = false) throws(DatasetError) {
    self.path = path
    (source, classNames) = try DatasetOpener(path: path, splitBatch: splitBatch).open()
  }

  /// The name of the sample at `index`, without reading the sample.
  ///
  /// - Throws: `DatasetError.noSample` where there is none.
  public func name(at index: Int) throws(DatasetError) -> String {
    try check(index)
    return source.name(at: index)
  }

  /// The sample at `index`, read and decoded now.
  ///
  /// - Throws: `DatasetError.noSample` where there is none; another case, which names the file,
  ///   where this sample cannot be read. The others may be sound: count such a sample and go on.
  public func sample(at index: Int) throws(DatasetError) -> Sample {
    try check(index)
    return try source.sample(at: index)
  }

  /// The indices of the first `limit` samples, or of all where there are fewer.
  public func indices(first limit: Int) -> Range<Int> { 0..<min(max(limit, 0), count) }

  /// The indices of `limit` samples spread evenly over all, in order; of all where there are fewer.
  public func indices(spread limit: Int) -> [Int] { Self.spread(limit, over: count) }

  /// Up to `limit` numbers below `count`, spread evenly over all, in order.
  public static func spread(_ limit: Int, over count: Int) -> [Int] {
    let limit = min(max(limit, 0), count)
    return (0..<limit).map { index in
      // The product of two large counts may exceed 64 bits; the quotient is below `count`.
      let product = index.multipliedFullWidth(by: count)
      return limit.dividingFullWidth(product).quotient
    }
  }

  private func check(_ index: Int) throws(DatasetError) {
    guard index >= 0, index < count else {
      throw .noSample(path: path, index: index, count: count)
    }
  }
}
