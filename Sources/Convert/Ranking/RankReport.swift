/// What a ranking found; rows lie by place, those without one last.
public struct RankReport: Sendable, Codable {
  /// What stands in the column of accuracy.
  public enum Measure: String, Sendable, Codable {
    /// The part of labelled samples whose class has the largest output.
    case top1
    /// The part of samples on which result and original predict the same class.
    case agreement
    /// The cosine between the outputs of result and original, which are no class scores.
    case cosine
  }

  /// The uncompressed network, run by the same code.
  public struct Original: Sendable, Codable {
    /// Bytes of the file, external data included.
    public var bytes = 0
    /// Its accuracy; 1 where results are compared with it.
    public var accuracy: Double?
    /// The time of one run.
    public var latencyMs: Latency?
  }

  /// The ranks of one method: 1 is the best, equal figures share the mean of their places.
  public struct Ranks: Sendable, Hashable, Codable {
    /// The rank of its accuracy.
    public var accuracy: Double?
    /// The rank of the median time of its runs.
    public var latency: Double?
    /// The rank of its bytes on disk.
    public var size: Double?
    /// The rank of the processor seconds that it took.
    public var time: Double?
    /// The weighted mean of the others.
    public var overall: Double?
  }

  /// One method.
  public struct Row: Sendable, Codable {
    /// Its name.
    public var name: String
    /// The command that makes the same file.
    public var command: String
    /// The file, where it was kept.
    public var artifact: String?
    /// Accuracy, by the report's measure.
    public var accuracy: Double?
    /// Accuracy that was lost against the original.
    public var drop: Double?
    /// The part of samples on which result and original predict the same class.
    public var agreement: Double?
    /// The time of one run.
    public var latencyMs: Latency?
    /// The original's median time over this one's.
    public var speedup: Double?
    /// Bytes on disk.
    public var bytes: Int?
    /// The original's bytes over these.
    public var sizeRatio: Double?
    /// Wall seconds to compress, from opening the source to reading back the result.
    public var seconds: Double?
    /// Seconds that processors worked on it.
    public var cpuSeconds: Double?
    /// Samples that calibration looked at.
    public var calibrationSamples: Int?
    /// The ranks; nil for what failed or collapsed.
    public var ranks: Ranks?
    /// The place overall, 1 and up; equal means share one.
    public var place: Int?
    /// Whether no other method is at least as accurate in at most the time, one of the two better.
    public var isParetoLatency = false
    /// Whether no other method is at least as accurate in at most the bytes, one of the two better.
    public var isParetoSize = false
    /// Whether its predictions have nothing to do with the original's.
    public var hasCollapsed = false
    /// Why there is no result.
    public var error: String?
    /// What the conversion warned of.
    public var warnings: [String] = []
  }

  /// The source file.
  public var model = ""
  /// The version of this program.
  public var version = Converter.version
  /// The machine that all was measured on.
  public var machine = Machine.current
  /// Threads that networks ran and conversions worked with.
  public var threads = 1
  /// Counted runs of each network.
  public var runs = 0
  /// What accuracy was measured on: the path of the data or of the samples; nil for random ones.
  public var data: String?
  /// Samples that accuracy was measured on.
  public var samples = 0
  /// What the figures of accuracy are.
  public var measure = Measure.top1
  /// How much each criterion counts.
  public var weights = RankWeights()
  /// The uncompressed network.
  public var original = Original()
  /// The methods.
  public var rows: [Row] = []
  /// Whether every method was tried and timed to the end.
  public var isComplete = false
  /// What the user should know, one line each.
  public var warnings: [String] = []

  /// An empty report.
  public init() {}
}
