import Kernels
import ModelFormat

/// The facts of what ArgMax and ArgMin give.
func inferArgument(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let x = try facts.input(0)
  let axis = try facts.axis(try facts.int("axis", default: 0), rank: x.shape.rank)
  guard x.shape[axis] > 0 else { throw .shapeMismatch("the axis has no elements to choose from") }
  return [try facts.reducedOutput(along: [axis], type: .int64)]
}

extension NodeFacts {
  /// An execution that finds the index of the greatest or least element along the axis.
  func argument(_ kernel: String, isGreatest: Bool) throws(OperatorError) -> Execution {
    let x = try input(0)
    let axis = try axis(try int("axis", default: 0), rank: x.shape.rank)
    return try x.perform(
      ArgumentTask(
        kernel: kernel, walk: ReductionWalk(x, along: [axis], to: try output()),
        isGreatest: isGreatest, takesLast: try int("select_last_index", default: 0) != 0))
  }
}

private struct ArgumentTask: NumberTask {
  let kernel: String
  let walk: ReductionWalk
  let isGreatest: Bool
  let takesLast: Bool

  func callAsFunction<T: ReducibleElement>(_: T.Type) -> Execution {
    let (walk, isGreatest, takesLast) = (walk, isGreatest, takesLast)
    return Execution(kernel: kernel) { operands in
      let source = operands.input(0, as: T.self)
      let out = operands.output(as: Int64.self)
      for index in 0..<walk.outputs {
        let first = source + walk.start(ofOutput: index)
        var best = first[0]
        var position = 0
        for i in 1..<max(1, walk.terms) {
          let candidate = first[i &* walk.row.stride]
          let isBetter = isGreatest ? candidate > best : candidate < best
          if isBetter || (takesLast && candidate == best) {
            best = candidate
            position = i
          }
        }
        out[index] = Int64(position)
      }
    }
  }
}
