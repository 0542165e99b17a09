public import Interpreter

/// What a conversion did and what came of it.
///
/// Every figure was measured; sizes are bytes on disk.
public struct ConversionReport: Sendable, Codable {
  /// The source file.
  public struct Input: Sendable, Codable {
    /// The path.
    public var path = ""
    /// Bytes on disk, external data included.
    public var bytes = 0
    /// Weights, multiply-accumulates and bytes before compression.
    public var totals: GraphTotals?
  }

  /// The written file.
  public struct Output: Sendable, Codable {
    /// The path.
    public var path = ""
    /// Bytes on disk.
    public var bytes = 0
    /// SHA-256 of header and section table, in hexadecimal.
    public var digest = ""
  }

  /// One pass.
  public struct Pass: Sendable, Codable {
    /// The name.
    public var name: String
    /// Wall seconds.
    public var seconds: Double
    /// Seconds that processors worked: all threads, user and system.
    public var cpuSeconds: Double
    /// The process's largest resident size up to its end.
    public var peakRssBytes: Int
    /// How far the pass raised that size: zero where it took no more memory than those before.
    public var peakGrowthBytes: Int
    /// Samples that it looked at.
    public var calibrationSamples: Int
    /// What it changed, in words.
    public var effect: String
  }

  /// The written file against the original.
  public struct Verification: Sendable, Codable {
    /// Samples that both ran on.
    public var samples: Int
    /// Where they came from: `calibration`, `data` or `random`.
    public var source: String
    /// The largest difference of one output element.
    public var maxAbs: Double
    /// The mean difference.
    public var meanAbs: Double
    /// The largest magnitude of the original's outputs.
    public var largest: Double
    /// The cosine between the outputs.
    public var cosine: Double
    /// The fraction of samples with the same largest output.
    public var top1Agreement: Double
    /// Whether the first output is a row of class scores; elsewhere top-1 says nothing.
    public var isClassification: Bool
    /// The layers that add the most error, where the result collapsed.
    public var blame: [Blame]
  }

  /// A layer that spoils the result.
  public struct Blame: Sendable, Codable {
    /// The node's name.
    public var node: String
    /// The relative error that it adds.
    public var growth: Double
    /// The fraction of its weights that are zero.
    public var zeros: Double
  }

  /// Accuracy on labelled data.
  public struct AccuracyChange: Sendable, Codable {
    /// The original's top-1, as a fraction.
    public var before: Double
    /// The written file's top-1, as a fraction.
    public var after: Double
    /// Samples.
    public var samples: Int
    /// Samples that could not be read.
    public var unreadable: Int
  }

  /// A layer that compression left in float.
  public struct LeftInFloat: Sendable, Codable {
    /// The node's name.
    public var node: String
    /// Why.
    public var reason: String
  }

  /// The source.
  public var input = Input()
  /// The result.
  public var output = Output()
  /// Wall seconds of the whole conversion.
  public var seconds = 0.0
  /// Seconds that processors worked on it: all threads, user and system.
  public var cpuSeconds = 0.0
  /// The process's largest resident size.
  public var peakRssBytes = 0
  /// The passes in order.
  public var passes: [Pass] = []
  /// What the written file is made of.
  public var totals: GraphTotals?
  /// Bytes of activations in one arena.
  public var arenaBytes = 0
  /// The proof; nil where it was left out.
  public var verification: Verification?
  /// Accuracy; nil where no labelled data was given.
  public var accuracy: AccuracyChange?
  /// Layers that compression left in float.
  public var leftInFloat: [LeftInFloat] = []
  /// What a search did; nil where the options said what every layer gets.
  public var search: SearchReport?
  /// What each layer got, and why; empty without a search.
  public var choices: [LayerChoice] = []
  /// How many tensors are in each encoding.
  public var encodings: [String: Int] = [:]
  /// Where it went on from a checkpoint, in words; nil where it began anew.
  public var resumed: String?
  /// Whether the result is larger than the source.
  public var isLarger = false
  /// Whether the result's predictions have nothing to do with the original's.
  public var hasCollapsed = false
  /// Whether `--max-drop` was exceeded.
  public var missedTarget = false
  /// Whether nothing was written because only a forecast was asked for.
  public var isDryRun = false
  /// What the user should know, one line each.
  public var warnings: [String] = []
  /// What would serve the user better, one line each.
  public var hints: [String] = []

  /// An empty report.
  public init() {}
}
