import Kernels
import ModelFormat

/// The rounding of one layer to what keeps its outputs, given what its products read.
struct RoundedLayer {
  /// The stored weights, int8 with a scale for each output.
  let tensor: Tensor
  /// What the bias has to grow by, for each output, so that the mean of the outputs stays.
  let shifts: [Double]

  /// The parts of the mean of the diagonal that are added to it: for rounding, and for the fit to the dense
  /// network's outputs, which samples alone would lead astray.
  static let damping = 0.01
  static let fitDamping = 0.3

  /// Rounds the weights of a layer to `grid`; nil where moments are of no use.
  init?(_ problem: LayerProblem, grid: WeightGrid, _ product: FloatProduct) {
    let (weights, moments) = (problem.weights, problem.moments)
    let (n, rows) = (moments.n, problem.rows)
    let perGroup = rows / moments.groups
    var targets = weights
    var importance: [Double] = []
    var factors: [Cholesky] = []
    var means: [GroupMoments] = []
    for group in 0..<moments.groups {
      var part = GroupMoments(moments, group: group, isCentered: problem.hasBias)
      // Inputs that are never there: any weight serves.
      let mean = part.meanSquare
      // With fewer places than products, moments say nothing of most directions: the weights count more.
      let shortage = Double(n) / Double(max(1, moments.count))
      let damping = mean > 0 ? max(Self.damping, shortage) * mean : 1
      guard mean.isFinite,
        let cholesky = Cholesky(part.products, n: n, damping: damping, product)
      else { return nil }
      let range = group * perGroup * n..<(group + 1) * perGroup * n
      if part.differences.contains(where: { $0 != 0 }) {
        guard
          let fit = Cholesky(
            part.products, n: n, damping: mean > 0 ? max(Self.fitDamping, shortage) * mean : 1,
            product)
        else { return nil }
        Self.fit(&targets, range, part, fit, product.pool)
      }
      importance += (0..<n).map { max(0, part.products[$0 * n + $0]) + damping }
      factors.append(cholesky)
      part.products = []
      part.differences = []
      means.append(part)
    }
    guard targets.allSatisfy(\.isFinite) else { return nil }
    let levels = WeightLevels(
      targets, rows: rows, grid: grid, importance: importance,
      holdsZero: weights.contains(0))
    var shifts: [Double] = []
    var stored = [Int8](repeating: 0, count: weights.count)
    for group in 0..<moments.groups {
      let first = group * perGroup
      let original = Array(weights[first * n..<(first + perGroup) * n])
      let rounded = ColumnSweep(cholesky: factors[group], product: product).sweep(
        Array(targets[first * n..<(first + perGroup) * n]), rows: perGroup,
        // What was pruned stays so.
        keeps: { row, column, _ in original[row * n + column] != 0 }
      ) { row, weight in
        Double(levels.level(weight, row: first + row)) * Double(levels.scales[first + row])
      }
      for row in 0..<perGroup {
        let scale = Double(levels.scales[first + row])
        var shift = 0.0
        for k in 0..<n {
          let value = rounded[row * n + k]
          stored[problem.place(first + row, k)] = Int8((value / scale).rounded())
          shift +=
            original[row * n + k] * means[group].denseMeans[k] - value * means[group].means[k]
        }
        shifts.append(shift)
      }
    }
    tensor = Tensor(
      type: .int8, shape: problem.shape, bytes: Bytes(elements: stored),
      quantization: Quantization(scales: levels.scales, axis: problem.axis))
    self.shifts = shifts
  }

  /// Moves the weights of one group to those that, on the inputs of the compressed network, come nearest to
  /// what the dense one puts out: W + W·(D − X)·Xᵀ·(X·Xᵀ)⁻¹.
  private static func fit(
    _ targets: inout [Double], _ range: Range<Int>, _ moments: GroupMoments,
    _ cholesky: Cholesky, _ pool: ThreadPool
  ) {
    let n = moments.n
    let rows = range.count / n
    var steps = [Double](repeating: 0, count: range.count)
    let weights = targets
    steps.withUnsafeMutableBufferPointer { steps in
      nonisolated(unsafe) let steps = steps
      pool.share(rows) { _, part in
        for row in part {
          for k in 0..<n {
            let weight = weights[range.lowerBound + row * n + k]
            if weight == 0 { continue }
            for j in 0..<n { steps[row * n + j] += weight * moments.differences[k * n + j] }
          }
        }
      }
    }
    cholesky.solve(&steps, rows: rows, pool)
    for index in 0..<range.count { targets[range.lowerBound + index] += steps[index] }
  }
}
