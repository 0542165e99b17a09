/// The form in which the weights of a layer lie in the file.
public enum WeightType: Sendable, Hashable {
  case float32
  case float16
  case bfloat16
  /// Symmetric integers of 2 to 8 bits, with a scale for each output channel.
  case integer(bits: Int)
  /// Indices of 1 to 8 bits into a palette of eight-bit integers, with a scale for each output channel.
  case palette(bits: Int)

  /// The name in reports: `float32`, `int8`, `int4`, `palette4`.
  public var name: String {
    switch self {
    case .float32: "float32"
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    case .integer(let bits): "int\(bits)"
    case .palette(let bits): "palette\(bits)"
    }
  }

  /// Whether kernels can multiply the weights as eight-bit integers.
  public var isInteger: Bool {
    switch self {
    case .integer, .palette: true
    case .float32, .float16, .bfloat16: false
    }
  }

  /// Bits of one weight, scales left out.
  public var bits: Int {
    switch self {
    case .float32: 32
    case .float16, .bfloat16: 16
    case .integer(let bits), .palette(let bits): bits
    }
  }
}

/// The type in which a layer reads its input.
public enum ActivationType: String, Sendable, Hashable {
  case float32
  /// uint8, with a range measured at each run.
  case dynamic
  /// uint8, with a range from calibration.
  case uint8
}

/// What compression does to one layer.
public struct LayerTreatment: Sendable, Hashable {
  /// The form of the weights in the file.
  public var weights = WeightType.float32
  /// How the input is read.
  public var activations = ActivationType.float32
  /// Which weights become zero; nil for what holds for the network.
  public var pruning: ConversionOptions.Pruning?

  /// A layer that stays as it is.
  public static let none = LayerTreatment()

  /// A treatment.
  public init(
    weights: WeightType = .float32, activations: ActivationType = .float32,
    pruning: ConversionOptions.Pruning? = nil
  ) {
    self.weights = weights
    self.activations = activations
    self.pruning = pruning
  }

  /// The name in reports: `float32`, `int8`, `int4`, `int8 dynamic`, `int8 weights`, `int8 block:0.5`.
  public var name: String {
    var words = [weights.name]
    if weights.isInteger {
      switch activations {
      case .uint8: break
      case .dynamic: words.append("dynamic")
      case .float32: words.append("weights")
      }
    }
    if let pruning { words.append(pruning.text) }
    return words.joined(separator: " ")
  }
}
