/// What each layer of a network could be made, and what that would change: the output's error, bytes, time.
public struct Sensitivity: Sendable, Codable {
  /// One treatment of one layer.
  public struct Option: Sendable, Codable {
    /// The treatment's name, such as `int8` or `int4`.
    public var treatment: String
    /// The squared error of the outputs over their squares, where this layer alone is treated so.
    public var error: Double
    /// The divergence of the predicted class distribution, in nats; nil without class scores, or where the
    /// error was not measured.
    public var divergence: Double?
    /// Whether the error was measured; otherwise it follows from a measured one by the change of the weights.
    public var isMeasured: Bool
    /// Bytes of the weights in the file, scales included.
    public var bytes: Int
    /// Milliseconds of the layer on this machine; nil where times were not asked for.
    public var ms: Double?
  }

  /// One layer.
  public struct Layer: Sendable, Codable {
    /// The node's name.
    public var node: String
    /// The operator.
    public var op: String
    /// Its weights.
    public var parameters: Int
    /// What it could be made, float32 first.
    public var options: [Option]

    /// The largest error among the options: layers are ranked by it.
    public var worst: Double { options.map(\.error).max() ?? 0 }
  }

  /// The layers in the order of the graph.
  public var layers: [Layer] = []
  /// Samples that errors were measured on.
  public var samples = 0
  /// Whether measuring was stopped before its end: the other layers are estimated.
  public var isPartial = false

  /// The layers, the most sensitive first.
  public var ranked: [Layer] {
    layers.sorted { ($1.worst, $0.node) < ($0.worst, $1.node) }
  }
}
