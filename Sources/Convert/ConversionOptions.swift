public import ModelFormat

/// What to do to a model, as the command line says it.
public struct ConversionOptions: Sendable {
  /// Which weights to set to zero.
  public enum Pruning: Sendable, Hashable {
    /// The smallest weights, this fraction of all.
    case unstructured(Double)
    /// In each group of `of` neighbouring input channels all but the `keep` largest weights.
    case pattern(keep: Int, of: Int)
    /// Groups of four neighbouring input channels with the smallest norms, this fraction of all.
    case block(Double)
  }

  /// What a pruning threshold is solved over.
  public enum PruningScope: String, Sendable, CaseIterable {
    /// One threshold for the whole network.
    case global
    /// The same fraction of every layer.
    case layer
  }

  /// How zeros are chosen.
  public enum PruningMethod: String, Sendable, CaseIterable {
    /// By what they do to outputs, where there are calibration samples; by magnitude elsewhere.
    case auto
    case magnitude
    /// By what they do to outputs on calibration samples, with the weights that stay fitted to make good.
    case secondOrder = "second-order"
  }

  /// How weights and activations are represented.
  public enum Quantization: String, Sendable, CaseIterable {
    case none
    case fp16
    case bf16
    /// Static with calibration samples, dynamic without.
    case int8
    case int8Dynamic = "int8-dynamic"
    case int8Weights = "int8-weights"
    /// Weights of four bits, multiplied as integers: static with calibration samples, dynamic without.
    case int4
    case int4Weights = "int4-weights"
    /// Each layer as measurement says: int8 where that gains time and keeps accuracy.
    case auto
  }

  /// The levels that integer weights may take.
  public enum Grid: String, Sendable, CaseIterable {
    /// A palette up to four bits, equal steps above.
    case auto
    /// Integers in equal steps.
    case uniform
    /// A palette for each layer, by k-means.
    case kmeans
  }

  /// How weights become integers.
  public enum Rounding: String, Sendable, CaseIterable {
    /// To keep outputs, where there are calibration samples and a layer has fewer than eight bits or the
    /// effort is thorough; to the nearest level elsewhere.
    case auto
    case nearest
    /// So that the outputs of layers stay on calibration samples.
    case gptq
  }

  /// How much time repair may take.
  public enum Effort: String, Sendable, CaseIterable {
    /// What needs no measuring.
    case fast
    /// Choices by measured error, in a few seconds.
    case balanced
    /// All that may help, each kept where it does.
    case thorough
  }

  /// Whether a step of repair is taken.
  public enum Switch: String, Sendable, CaseIterable {
    /// Where the effort allows it and it helps.
    case auto
    case on
    case off
  }

  /// What is said of some layers alone.
  public struct LayerRule: Sendable, Hashable {
    /// A regular expression that the whole name of a node matches.
    public var pattern: String
    /// The representation of weights and activations; nil for that of the network.
    public var quantization: Quantization?
    /// Which weights become zero; nil for what holds for the network.
    public var pruning: Pruning?

    /// A rule.
    public init(_ pattern: String, quantization: Quantization? = nil, pruning: Pruning? = nil) {
      self.pattern = pattern
      self.quantization = quantization
      self.pruning = pruning
    }
  }

  /// How the range of an activation follows from what calibration saw.
  public enum CalibrationMethod: String, Sendable, CaseIterable {
    /// Whichever of the others has the lower error on the calibration samples.
    case auto
    case minmax
    case percentile
    case mse
    case entropy
  }

  /// A kind of processor whose kernels weights may be stored for.
  public enum Target: String, Sendable, CaseIterable {
    case x86AVX512VNNI = "x86-avx512vnni"
    case x86AVX2 = "x86-avx2"
    case arm64Dot = "arm64-dot"
  }

  /// The ONNX file.
  public var input: String
  /// The file to write; beside the input, with the same stem, unless stated.
  public var output: String
  /// Pruning steps in order.
  public var pruning: [Pruning] = []
  /// What a pruning threshold is solved over; nil for that of the pattern: the network for single
  /// weights, each layer for blocks.
  public var pruningScope: PruningScope?
  /// How zeros are chosen.
  public var pruningMethod = PruningMethod.auto
  /// The representation of weights and activations.
  public var quantization = Quantization.none
  /// Bits of integer weights, 2 to 8; nil for those of the mode.
  public var weightBits: Int?
  /// The levels of weights of fewer than eight bits.
  public var weightGrid = Grid.auto
  /// How weights become integers.
  public var rounding = Rounding.auto
  /// How much time repair may take.
  public var effort = Effort.balanced
  /// Whether ranges of neighbouring layers are equalized.
  public var equalization = Switch.auto
  /// Whether outputs of a pruned network get back their means and deviations; needs samples.
  public var statisticsCorrection = Switch.auto
  /// Whether the mean error of rounded weights is taken out of biases.
  public var biasCorrection = Switch.auto
  /// Whether a pruned network is trained to put out what the original does; needs samples.
  public var distillation = Switch.auto
  /// Labelled data to train on, while weights become zero: a path that `Dataset` opens.
  public var trainingData: String?
  /// How often training looks at each sample; nil for what the effort allows.
  public var epochs: Int?
  /// What is said of some layers alone, in order: a later rule goes over an earlier one.
  public var layerRules: [LayerRule] = []
  /// The sparse encoding to use where it can hold a pruned tensor; nil chooses by exact size.
  public var sparseEncoding: Encoding?
  /// The processor in whose kernels' order dense weights are stored; nil for row-major order.
  public var target: Target?
  /// Samples to calibrate with: a path that `Dataset` opens.
  public var calibration: String?
  /// The rule for activation ranges.
  public var calibrationMethod = CalibrationMethod.auto
  /// A file with the ranges of an earlier calibration; written where it is not there.
  public var calibrationCache: String?
  /// The most calibration samples to use; nil for all.
  public var samples: Int?
  /// How images become inputs; nil lets the input's shape suggest it.
  public var preprocessing: Preprocessing?
  /// Class names to keep in the artifact.
  public var labels: [String] = []
  /// Labelled data to measure accuracy on, before and after.
  public var data: String?
  /// The most top-1 accuracy that may be lost, as a fraction.
  public var maximumDrop: Double?
  /// The most bytes of the file: each layer gets what serves best within them.
  public var targetBytes: Int?
  /// The most milliseconds of one run on this machine, with `threads`.
  public var targetLatency: Double?
  /// The most seconds that a search may take; the best that was found by then is written.
  public var timeLimit: Double?
  /// Subtract one from every predicted class: the network's first class is no class.
  public var dropsFirstClass = false
  /// Nodes whose names match stay as they are.
  public var exclude: String?
  /// Extents of graph inputs by name.
  public var inputShapes: [String: [Int]] = [:]
  /// The seed of random samples, where none are given.
  public var seed: UInt64 = 0
  /// Threads to use.
  public var threads = 1
  /// The most bytes of memory to take, apart from mapped files; nil for what is usual, 1 GiB, beyond which
  /// calibration and accuracy may go.
  public var maximumMemory: Int?
  /// The fewest seconds between two checkpoints, from which the same conversion goes on; zero makes and reads
  /// none.
  public var checkpointSeconds = 60.0
  /// Begin anew where there is a checkpoint.
  public var restarts = false
  /// Do everything but write.
  public var isDryRun = false
  /// Samples to verify with; zero leaves verification out.
  public var verificationSamples = 100
  /// The release of the model; zero where nobody counts.
  ///
  /// Devices refuse one that is lower than what they had.
  public var release: UInt64 = 0
  /// Keep seconds and memory of each pass in the file, which then differs from run to run.
  public var recordsCosts = false

  /// What a search has to reach; nil where the options say what every layer gets.
  public var goal: SearchGoal? {
    guard quantization == .auto || targetBytes != nil || targetLatency != nil else { return nil }
    return SearchGoal(bytes: targetBytes, ms: targetLatency, drop: data == nil ? nil : maximumDrop)
  }

  /// The file that a conversion that was ended goes on from: beside the output.
  public var checkpoint: String { output + ".checkpoint" }

  /// Options that convert the file at `input` without compressing it.
  public init(input: String, output: String? = nil) {
    self.input = input
    let stem = input.hasSuffix(".onnx") ? String(input.dropLast(5)) : input
    self.output = output ?? stem + ".pare"
  }
}
