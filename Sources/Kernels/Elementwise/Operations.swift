/// A function of one float, with its constants.
public enum UnaryOperation: Hashable, Sendable {
  /// x held between two bounds; infinite where there is none. Relu is `clamp(min: 0, max: .infinity)`.
  case clamp(min: Float, max: Float)
  /// 1 / (1 + e^-x).
  case sigmoid
  /// The hyperbolic tangent.
  case tanh
  /// x * sigmoid(x).
  case silu
  /// x * clamp(x / 6 + 1/2, 0, 1).
  case hardSwish
  /// clamp(alpha * x + beta, 0, 1).
  case hardSigmoid(alpha: Float, beta: Float)
  /// x / 2 * (1 + erf(x / sqrt 2)).
  case gelu
  /// x, or alpha * x below zero.
  case leakyRelu(alpha: Float)
  /// e^x, for x held in -87 ... 88.
  case exp
  /// The error function.
  case erf
  /// x * scale + offset, in two roundings.
  case affine(scale: Float, offset: Float)

  /// The number and the two constants by which kernels know the operation.
  package var code: (number: Int32, p: Float, q: Float) {
    switch self {
    case .clamp(let min, let max): (0, min, max)
    case .sigmoid: (1, 0, 0)
    case .tanh: (2, 0, 0)
    case .silu: (3, 0, 0)
    case .hardSwish: (4, 0, 0)
    case .hardSigmoid(let alpha, let beta): (5, alpha, beta)
    case .gelu: (6, 0, 0)
    case .leakyRelu(let alpha): (7, alpha, 0)
    case .exp: (8, 0, 0)
    case .erf: (9, 0, 0)
    case .affine(let scale, let offset): (10, scale, offset)
    }
  }
}

/// A function of two floats.
public enum BinaryOperation: Int32, CaseIterable, Hashable, Sendable {
  /// a + b.
  case add = 0
  /// a - b.
  case subtract = 1
  /// a * b.
  case multiply = 2
  /// a / b.
  case divide = 3
  /// The lesser; not a number where one is.
  case minimum = 4
  /// The greater; not a number where one is.
  case maximum = 5
  /// b - a.
  case subtractFrom = 6
  /// b / a.
  case divideInto = 7

  /// The same function of b and a.
  public var swapped: BinaryOperation {
    switch self {
    case .subtract: .subtractFrom
    case .divide: .divideInto
    case .subtractFrom: .subtract
    case .divideInto: .divide
    case .add, .multiply, .minimum, .maximum: self
    }
  }
}
