import Kernels

/// Weights with many zeros whose outputs come nearest to those of the dense layer: mask and values.
///
/// The outputs' squared error is a quadratic form in each row of weights, ½·z·H·zᵀ − z·gᵀ, the same H for all
/// rows. The mask is found by the alternating direction method of multipliers, with zeros that grow over the
/// first steps (Boža, "Fast and Effective Weight Update for Pruned Large Language Models", 2024): every
/// step moves all weights at once, where a sweep over the columns can only change those to come. The values
/// on the mask then follow by conjugate gradients (Meng et al., "ALPS", 2024). Inputs are scaled to equal
/// energy first, so that magnitudes compare.
struct SparseFit {
  let rows: Int, n: Int
  /// H and its goal G, [n][n] and [rows][n], in scaled inputs; the diagonal of H is one.
  private let quadratic: [Float]
  private let goal: [Float]
  /// The dense weights in scaled inputs.
  private let start: [Float]
  /// The root of the energy of each input, and of what each output counts.
  private let roots: [Double]
  private let scales: [Float]
  private let product: FloatProduct
  private let inverse = Inverse()

  /// The inverse of H and the penalty, made when it is first asked for.
  private final class Inverse {
    private var known: [Float]?

    func elements(_ quadratic: [Float], _ n: Int, _ product: FloatProduct) -> [Float]? {
      if known == nil {
        known =
          SymmetricInverse(
            quadratic, n: n, damping: Double(SparseFit.penalty), product)?.elements
      }
      return known
    }
  }

  /// How much the method holds on to the pattern, in parts of an input's energy.
  private static let penalty: Float = 1
  /// Steps while zeros grow, and in all.
  private static let ramp = 15, steps = 20
  /// Steps that fit the values on the mask.
  private static let polish = 16

  /// The problem of one group of outputs.
  ///
  /// - Parameters:
  ///   - weights: dense, [rows][n].
  ///   - damping: what is added to the energy of each input, as a part of their mean; it draws weights towards
  ///     the dense ones.
  ///   - importance: what errors in each output count; the same for all where nil.
  init?(
    _ weights: ArraySlice<Double>, _ moments: GroupMoments, damping: Double,
    importance: OutputImportance? = nil, _ product: FloatProduct
  ) {
    let n = moments.n
    rows = weights.count / max(1, n)
    self.n = n
    self.product = product
    let mean = moments.meanSquare
    guard mean.isFinite else { return nil }
    let extra = mean > 0 ? damping * mean : 1
    let roots = (0..<n).map { (moments.products[$0 * n + $0] + extra).squareRoot() }
    guard roots.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
    self.roots = roots
    var quadratic = [Float](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0..<n where j != i {
        quadratic[i * n + j] = Float(moments.products[i * n + j] / (roots[i] * roots[j]))
      }
      quadratic[i * n + i] = 1
    }
    self.quadratic = quadratic
    let first = weights.startIndex
    var start = (0..<rows * n).map { Float(weights[first + $0] * roots[$0 % n]) }
    var goal = [Float](repeating: 0, count: rows * n)
    Self.multiply(start, quadratic, rows, n, to: &goal, product)
    let scales = (0..<rows).map { row in
      let square = Self.dot(start, goal, row * n..<(row + 1) * n)
      return Float((importance?.weight(row, square: square) ?? 1).squareRoot())
    }
    for index in start.indices {
      start[index] *= scales[index / n]
      goal[index] *= scales[index / n]
    }
    self.start = start
    self.scales = scales
    if !moments.differences.isEmpty {
      // What the dense network's inputs had more than those that there are now.
      let differences = (0..<n * n).map {
        Float(moments.differences[$0] / (roots[$0 / n] * roots[$0 % n]))
      }
      var more = [Float](repeating: 0, count: rows * n)
      Self.multiply(start, differences, rows, n, to: &more, product)
      for index in goal.indices { goal[index] += more[index] }
    }
    if !moments.residuals.isEmpty {
      for index in goal.indices {
        goal[index] += Float(moments.residuals[index] / roots[index % n]) * scales[index / n]
      }
    }
    self.goal = goal
    guard goal.allSatisfy(\.isFinite) else { return nil }
  }

  /// The weights that fit best with zeros where `projection` puts them, [rows][n] in real numbers; nil where the
  /// problem is singular.
  ///
  /// - Parameter isZero: weights that are zero already and stay so, beside those of the pattern.
  func solve(_ projection: MaskProjection, isZero: [Bool]) -> [Double]? {
    guard let inverse = inverse.elements(quadratic, n, product) else { return nil }
    var sparse = start
    var dual = [Float](repeating: 0, count: rows * n)
    var right = dual
    var free = dual
    for step in 1...Self.steps {
      for index in right.indices {
        right[index] = goal[index] + Self.penalty * (sparse[index] - dual[index])
      }
      Self.multiply(right, inverse, rows, n, to: &free, product)
      for index in sparse.indices { sparse[index] = isZero[index] ? 0 : free[index] + dual[index] }
      let rest = 1 - min(1, Double(step) / Double(Self.ramp))
      projection.apply(&sparse, progress: 1 - rest * rest * rest)
      for index in dual.indices { dual[index] += free[index] - sparse[index] }
    }
    // The pattern is that of the last step; its values are the free ones.
    for index in sparse.indices where sparse[index] != 0 { sparse[index] = free[index] }
    return real(fitted(sparse))
  }

  /// The weights that fit best with no other zeros than those of `isZero`.
  func solve(isZero: [Bool]) -> [Double] {
    real(fitted(start.indices.map { isZero[$0] ? 0 : start[$0] }))
  }

  private func real(_ scaled: [Float]) -> [Double] {
    scaled.indices.map { Double(scaled[$0] / scales[$0 / n]) / roots[$0 % n] }
  }

  /// The values of the weights of `sparse` that are not zero at which the error is least: conjugate gradients,
  /// each row by itself.
  private func fitted(_ sparse: [Float]) -> [Float] {
    var x = sparse
    let isFree = sparse.map { $0 != 0 }
    var image = [Float](repeating: 0, count: rows * n)
    Self.multiply(x, quadratic, rows, n, to: &image, product)
    var residual = goal.indices.map { isFree[$0] ? goal[$0] - image[$0] : 0 }
    var direction = residual
    var norms = (0..<rows).map { Self.dot(residual, residual, $0 * n..<($0 + 1) * n) }
    for _ in 0..<Self.polish {
      Self.multiply(direction, quadratic, rows, n, to: &image, product)
      for row in 0..<rows {
        let range = row * n..<(row + 1) * n
        let curvature = Self.dot(direction, image, range)
        guard norms[row] > 1e-20, curvature > 0 else { continue }
        let step = Float(norms[row] / curvature)
        for index in range where isFree[index] {
          x[index] += step * direction[index]
          residual[index] -= step * image[index]
        }
        let next = Self.dot(residual, residual, range)
        let turn = Float(next / norms[row])
        norms[row] = next
        for index in range { direction[index] = residual[index] + turn * direction[index] }
      }
    }
    return x
  }

  private static func dot(_ a: [Float], _ b: [Float], _ range: Range<Int>) -> Double {
    var sum = 0.0
    for index in range { sum += Double(a[index]) * Double(b[index]) }
    return sum
  }

  /// Writes `a` [rows][n] times `b` [n][n] to `c`.
  private static func multiply(
    _ a: [Float], _ b: [Float], _ rows: Int, _ n: Int, to c: inout [Float],
    _ product: FloatProduct
  ) {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        c.withUnsafeMutableBufferPointer { c in
          guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
          product.multiply(
            m: rows, n: n, k: n, .init(start: a, leading: n), .init(start: b, leading: n), to: c,
            leading: n)
        }
      }
    }
  }
}
