import ModelFormat

extension Operator {
  /// Size: the number of elements, as an int64 scalar.
  static let size = Operator(
    "Size", since: 21, inputs: 1...1, layout: .follow,
    infer: { facts throws(OperatorError) in
      _ = try facts.input(0)
      return [try facts.result(.int64, [])]
    },
    prepare: { facts throws(OperatorError) in
      let count = Int64(try facts.input(0).count)
      return Execution(kernel: "size") { operands in operands.output(as: Int64.self)[0] = count }
    })
}
