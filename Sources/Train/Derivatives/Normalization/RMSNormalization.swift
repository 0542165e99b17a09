import ModelFormat
import Operators

extension Derivative {
  /// RMSNormalization: x and scale (`RowNormalizationBack`).
  static let rmsNormalization = Derivative("RMSNormalization") { node throws(OperatorError) in
    try rows(node, isCentered: false)
  }
}
