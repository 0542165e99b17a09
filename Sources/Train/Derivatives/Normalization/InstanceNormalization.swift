import ModelFormat
import Operators

extension Derivative {
  /// InstanceNormalization: as GroupNormalization with a group for each channel.
  static let instanceNormalization = Derivative("InstanceNormalization") {
    node throws(OperatorError) in
    try groups(node, try node.facts.input(0).shape[1])
  }
}
