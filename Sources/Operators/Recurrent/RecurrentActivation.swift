import ModelFormat

/// A function that a recurrent layer applies to its gates.
struct RecurrentActivation: Sendable {
  private enum Kind: Sendable {
    case relu, tanh, sigmoid, affine, leakyRelu, thresholdedRelu, scaledTanh, hardSigmoid, elu
    case softsign, softplus
  }

  private let kind: Kind
  private var alpha: Float = 0
  private var beta: Float = 0

  /// The logistic function, the default of gates.
  static let sigmoid = RecurrentActivation(.sigmoid)
  /// The hyperbolic tangent, the default of states.
  static let tanh = RecurrentActivation(.tanh)

  private init(_ kind: Kind) { self.kind = kind }

  /// The function called `name`, with the next of the node's constants where it takes any.
  private init(
    _ name: String, _ alphas: inout ArraySlice<Float>, _ betas: inout ArraySlice<Float>
  ) throws(OperatorError) {
    switch name {
    case "Relu": kind = .relu
    case "Tanh": kind = .tanh
    case "Sigmoid": kind = .sigmoid
    case "Softsign": kind = .softsign
    case "Softplus": kind = .softplus
    case "Affine": (kind, alpha, beta) = (.affine, alphas.popFirst() ?? 1, betas.popFirst() ?? 0)
    case "LeakyRelu": (kind, alpha) = (.leakyRelu, alphas.popFirst() ?? 0.01)
    case "ThresholdedRelu": (kind, alpha) = (.thresholdedRelu, alphas.popFirst() ?? 1)
    case "ScaledTanh":
      (kind, alpha, beta) = (.scaledTanh, alphas.popFirst() ?? 1, betas.popFirst() ?? 1)
    case "HardSigmoid":
      (kind, alpha, beta) = (.hardSigmoid, alphas.popFirst() ?? 0.2, betas.popFirst() ?? 0.5)
    case "Elu": (kind, alpha) = (.elu, alphas.popFirst() ?? 1)
    default: throw .attribute(name: "activations", problem: "holds '\(name)', which is not known")
    }
  }

  /// The functions of a node: `defaults` for each direction, unless `activations` names others.
  ///
  /// Functions that take constants get those of `activation_alpha` and `activation_beta` in turn.
  static func list(
    _ facts: NodeFacts, directions: Int, defaults: [RecurrentActivation]
  ) throws(OperatorError) -> [[RecurrentActivation]] {
    guard let names = try facts.strings("activations"), !names.isEmpty else {
      return [[RecurrentActivation]](repeating: defaults, count: directions)
    }
    guard names.count == directions * defaults.count else {
      throw .attribute(
        name: "activations",
        problem: "has \(names.count) names, but must have \(directions * defaults.count)")
    }
    var alphas = (try facts.floats("activation_alpha") ?? [])[...]
    var betas = (try facts.floats("activation_beta") ?? [])[...]
    var functions: [RecurrentActivation] = []
    for name in names { functions.append(try RecurrentActivation(name, &alphas, &betas)) }
    return (0..<directions).map { direction in
      Array(functions[(direction * defaults.count)..<((direction + 1) * defaults.count)])
    }
  }

  /// Applies the function to `count` elements in place, each held within `clip` of zero before.
  @inline(__always)
  func apply(_ x: UnsafeMutablePointer<Float>, _ count: Int, clip: Float) {
    if clip < .infinity {
      for i in 0..<count { x[i] = Swift.min(Swift.max(x[i], -clip), clip) }
    }
    switch kind {
    case .sigmoid: for i in 0..<count { x[i] = 1 / (1 + Float.exponential(-x[i])) }
    case .tanh: for i in 0..<count { x[i] = Float.hyperbolicTangent(x[i]) }
    case .relu: for i in 0..<count { x[i] = Swift.max(x[i], 0) }
    case .affine: for i in 0..<count { x[i] = alpha * x[i] + beta }
    case .leakyRelu: for i in 0..<count { x[i] = x[i] >= 0 ? x[i] : alpha * x[i] }
    case .thresholdedRelu: for i in 0..<count { x[i] = x[i] > alpha ? x[i] : 0 }
    case .scaledTanh:
      for i in 0..<count { x[i] = alpha * Float.hyperbolicTangent(beta * x[i]) }
    case .hardSigmoid:
      for i in 0..<count { x[i] = Swift.min(Swift.max(alpha * x[i] + beta, 0), 1) }
    case .elu:
      for i in 0..<count { x[i] = x[i] >= 0 ? x[i] : alpha * Float.exponentialLessOne(x[i]) }
    case .softsign: for i in 0..<count { x[i] = x[i] / (1 + x[i].magnitude) }
    case .softplus:
      for i in 0..<count {
        // Without overflow for large x.
        x[i] = Swift.max(x[i], 0) + Float.logarithmOfOneAnd(Float.exponential(-x[i].magnitude))
      }
    }
  }
}
