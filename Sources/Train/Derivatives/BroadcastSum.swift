import Kernels
import ModelFormat
import Operators

/// The gradient of a broadcast operand: sums of the output's gradient over what was repeated.
///
/// Sums are cut into pieces whose number does not depend on threads.
struct BroadcastSum: Sendable {
  /// Whether the operand has the output's shape.
  let isWhole: Bool
  /// Extents of the output in memory order, and the operand's steps along them.
  private let extents: [Int]
  private let steps: [Int]
  private let count: Int

  /// The sum for an operand of an elementwise node.
  init(_ operand: ValueFacts, _ output: ValueFacts) throws(OperatorError) {
    isWhole = operand.shape == output.shape
    count = output.count
    let extents = output.physicalShape.dimensions
    let rank = extents.count
    // An operand of lower rank lies row-major; its dimensions are the output's last.
    var shape = [Int](repeating: 1, count: rank - operand.shape.rank) + operand.shape.dimensions
    var strides = [Int](repeating: 0, count: rank)
    let own = operand.shape.rank == rank ? operand.physicalShape.strides : operand.shape.strides
    let order = output.physicalOrder
    for axis in 0..<operand.shape.rank {
      let position = axis + rank - operand.shape.rank
      strides[position] =
        own[operand.shape.rank == rank ? operand.physicalAxis(axis) : axis]
    }
    for axis in 0..<rank where shape[axis] == 1 { strides[axis] = 0 }
    shape = order.map { shape[$0] }
    self.extents = extents
    steps = order.map { strides[$0] }
  }

  /// Adds the sums of `gradient` to `place`, or writes them.
  func add(_ gradient: UnsafePointer<Float>, to place: GradientPlace, _ memory: StepMemory) {
    let to = place.pointer
    if isWhole {
      if !place.adds, UnsafePointer(to) == gradient { return }
      let kernels = GradientKernels.best
      memory.split(count) { range in
        if place.adds {
          kernels.accumulate(
            count: range.count, gradient + range.lowerBound, to: to + range.lowerBound)
        } else {
          (to + range.lowerBound).update(from: gradient + range.lowerBound, count: range.count)
        }
      }
      return
    }
    if !place.adds { to.update(repeating: 0, count: operandCount) }
    walk(0, gradient, to)
  }

  private var operandCount: Int {
    zip(extents, steps).reduce(1) { $1.1 == 0 ? $0 : $0 * $1.0 }
  }

  private func walk(
    _ axis: Int, _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>
  ) {
    if axis == extents.count {
      to[0] += from[0]
      return
    }
    let inner = extents[(axis + 1)...].reduce(1, *)
    if axis == extents.count - 1 {
      let step = steps[axis]
      if step == 0 {
        var sum: Float = 0
        for i in 0..<extents[axis] { sum += from[i] }
        to[0] += sum
      } else {
        for i in 0..<extents[axis] { to[i * step] += from[i] }
      }
      return
    }
    for i in 0..<extents[axis] { walk(axis + 1, from + i * inner, to + i * steps[axis]) }
  }
}
