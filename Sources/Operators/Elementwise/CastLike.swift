import Kernels
import ModelFormat

extension Operator {
  /// CastLike: each element as a number of the second input's type, converted as Cast does.
  ///
  /// Attribute: `rounding`, as of Cast.
  static let castLike = Operator(
    "CastLike", since: 19, inputs: 2...2, layout: .follow,
    infer: { facts throws(OperatorError) in
      [try facts.castOutput(to: try facts.input(1).type)]
    },
    prepare: { facts throws(OperatorError) in try facts.casting(to: try facts.input(1).type) })
}
