import Kernels
import ModelFormat
import TestSupport

@testable import Convert

/// A layer with random weights and inputs that go together, as those of networks do.
struct LayerCase {
  let rows: Int, n: Int, groups: Int
  let weights: [Double]
  let inputs: [Float]
  let columns: Int

  static var product: FloatProduct { FloatProduct(ThreadPool(threads: 1)) }

  /// A layer of `rows` outputs in `groups`, each a sum of `n` products.
  init(rows: Int, n: Int, groups: Int = 1, columns: Int, seed: UInt64) {
    (self.rows, self.n, self.groups, self.columns) = (rows, n, groups, columns)
    var random = SeededGenerator(seed: seed)
    weights = random.normal(rows * n, deviation: 0.3).map { Double($0) }
    // Each input has a part of its neighbour's, a mean and a size of its own.
    var inputs = random.normal(groups * n * columns)
    let sizes = random.uniform(groups * n).map { 1 + 0.8 * $0 }
    let means = random.uniform(groups * n)
    for row in 0..<groups * n {
      for column in 0..<columns {
        let index = row * columns + column
        if row % n > 0 { inputs[index] = 0.8 * inputs[index - columns] + 0.6 * inputs[index] }
      }
    }
    for row in 0..<groups * n {
      for column in 0..<columns {
        let index = row * columns + column
        inputs[index] = sizes[row] * inputs[index] + 0.5 * means[row]
      }
    }
    self.inputs = inputs
  }

  var moments: Moments {
    var moments = Moments(groups: groups, n: n, hasDense: false)
    moments.add(inputs, dense: nil, columns: columns, Self.product)
    return moments
  }

  /// The problem that the layer poses, its weights of `shape`.
  func problem(
    _ shape: Shape, moments: Moments? = nil, hasBias: Bool = false, axis: Int = 0,
    passage: LayerProblem.Passage? = nil
  ) -> LayerProblem {
    LayerProblem(
      weights: weights, moments: moments ?? self.moments, hasBias: hasBias, shape: shape,
      axis: axis, passage: passage)
  }

  /// The weights as they lie in a tensor of `shape`.
  func tensor(_ shape: Shape, axis: Int = 0) -> Tensor {
    var elements = weights.map { Float($0) }
    if axis == 1 { elements = (0..<rows * n).map { elements[$0 % rows * n + $0 / rows] } }
    return Tensor(elements, shape: shape)
  }

  /// The outputs of weights [rows][n] on the inputs, [rows][columns].
  func outputs(_ weights: [Double], shifts: [Double]? = nil) -> [Double] {
    var result = [Double](repeating: 0, count: rows * columns)
    let perGroup = rows / groups
    for row in 0..<rows {
      for k in 0..<n {
        let (weight, first) = (weights[row * n + k], (row / perGroup * n + k) * columns)
        if weight == 0 { continue }
        for column in 0..<columns {
          result[row * columns + column] += weight * Double(inputs[first + column])
        }
      }
      if let shifts {
        for column in 0..<columns { result[row * columns + column] += shifts[row] }
      }
    }
    return result
  }

  /// The squared error of the outputs of other weights, beside the squares of the outputs.
  func error(_ pruned: [Double], shifts: [Double]? = nil, goal: [Double]? = nil) -> Double {
    let wanted = goal ?? outputs(weights)
    let found = outputs(pruned, shifts: shifts)
    let difference = zip(found, wanted).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return difference / wanted.reduce(0) { $0 + $1 * $1 }
  }

  /// The weights with the smaller half, or another part, set to zero.
  func byMagnitude(_ fraction: Double) -> [Double] {
    let count = Int((Double(weights.count) * fraction).rounded())
    let gone = Set(weights.indices.sorted { abs(weights[$0]) < abs(weights[$1]) }.prefix(count))
    return weights.indices.map { gone.contains($0) ? 0 : weights[$0] }
  }
}
