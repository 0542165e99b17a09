public import ModelFormat

/// What a file says about itself beyond the network: how to feed it, its classes, its history.
public struct Metadata: Sendable, Hashable {
  /// How images become inputs; nil where nobody said.
  public var preprocessing: Preprocessing?
  /// Class names, the first for class zero; empty where nobody said.
  public var labels: [String] = []
  /// Where the file comes from.
  public var provenance: Provenance?
  /// Entries that the source model carried, in its order.
  public var sourceEntries: [Entry] = []
  /// What the network computes on inputs of a seed; nil where nobody said.
  public var golden: Golden?

  /// Metadata that says nothing.
  public init() {}
}

/// What a network computes on random inputs: where a machine computes something else, the file or the
/// machine is not what it should be.
public struct Golden: Sendable, Hashable {
  /// Some elements of one output.
  public struct Probe: Sendable, Hashable {
    /// Elements of the output.
    public var elements: Int
    /// Elements `i · elements / values.count`.
    public var values: [Float]
    /// How far each may be off, at most.
    public var tolerance: Float

    /// A probe.
    public init(elements: Int, values: [Float], tolerance: Float) {
      self.elements = elements
      self.values = values
      self.tolerance = tolerance
    }
  }

  /// The seed of the inputs.
  public var seed: UInt64
  /// One for each output, in order.
  public var probes: [Probe]

  /// What was computed on the inputs of `seed`.
  public init(seed: UInt64, probes: [Probe]) {
    self.seed = seed
    self.probes = probes
  }
}

/// A key with a value.
public struct Entry: Sendable, Hashable {
  /// The key.
  public var key: String
  /// The value.
  public var value: String

  /// An entry.
  public init(_ key: String, _ value: String) {
    self.key = key
    self.value = value
  }
}

/// Where a file comes from: its source, what was done to it, and what that did to its figures.
public struct Provenance: Sendable, Hashable {
  /// The model that was converted.
  public struct Source: Sendable, Hashable {
    /// The file's name, without folders.
    public var file = ""
    /// Its size, external data included.
    public var bytes = 0
    /// Its SHA-256 digest.
    public var sha256: [UInt8] = []
    /// What wrote it.
    public var producer = ""
    /// The ONNX operator set.
    public var opset = 0
    /// The ONNX IR version.
    public var irVersion = 0

    /// An unknown source.
    public init() {}
  }

  /// One pass over the model.
  public struct Pass: Sendable, Hashable {
    /// The pass's name.
    public var name: String
    /// Its options.
    public var options: [Entry]
    /// Samples that it looked at.
    public var calibrationSamples: Int
    /// Wall seconds that it took; zero where costs are not recorded.
    public var seconds: Double
    /// The process's largest resident size up to its end, in bytes; zero likewise.
    public var peakBytes: Int
    /// What it changed, in words.
    public var effect: String

    /// A record of one pass.
    public init(
      name: String, options: [Entry] = [], calibrationSamples: Int = 0, seconds: Double = 0,
      peakBytes: Int = 0, effect: String = ""
    ) {
      self.name = name
      self.options = options
      self.calibrationSamples = calibrationSamples
      self.seconds = seconds
      self.peakBytes = peakBytes
      self.effect = effect
    }
  }

  /// One figure, measured on the source and on the written file.
  public struct Measurement: Sendable, Hashable {
    /// What was measured, for example `top1`.
    public var name: String
    /// The source's figure.
    public var before: Double
    /// The file's figure.
    public var after: Double
    /// Samples that it was measured on.
    public var samples: Int

    /// A measurement.
    public init(_ name: String, before: Double, after: Double, samples: Int) {
      self.name = name
      self.before = before
      self.after = after
      self.samples = samples
    }
  }

  /// The program that wrote the file.
  public var tool = ""
  /// Its version.
  public var toolVersion = ""
  /// The model that was converted.
  public var source = Source()
  /// What was done, in order.
  public var passes: [Pass] = []
  /// What was measured.
  public var measurements: [Measurement] = []
  /// Weights of the source.
  public var sourceParameters = 0
  /// Multiply-accumulates of one run of the source.
  public var sourceMultiplyAccumulates = 0

  /// An unknown provenance.
  public init() {}
}
