import ModelFormat
import Operators

extension Derivative {
  /// LogSoftmax: `g − exp(y) · Σ g` along its axis.
  static let logSoftmax = Derivative("LogSoftmax") { node throws(OperatorError) in
    try alongAxis(node, isLogarithmic: true)
  }
}
