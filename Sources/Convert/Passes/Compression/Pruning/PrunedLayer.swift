import Kernels
import ModelFormat

/// The weights of one layer with zeros, fitted so that its outputs come nearest to the dense network's.
struct PrunedLayer {
  /// Float weights.
  let tensor: Tensor
  /// What the bias has to grow by, for each output, so that the mean of the outputs stays.
  let shifts: [Double]

  /// Which weights of a layer become zero.
  struct Zeros: Hashable, Sendable {
    let pattern: ConversionOptions.Pruning
    /// The part of the weights, where the pattern leaves that open.
    var fraction: Double
  }
}

/// A layer that is to be pruned, ready to be solved with any number of zeros.
struct PruningProblem {
  private let problem: LayerProblem
  private let fits: [SparseFit]
  private let means: [GroupMoments]

  /// The least damping, as a part of the mean energy of the inputs.
  private static let damping = 0.01
  /// What inputs for each place of the samples add to it: with fewer places than inputs, moments say nothing
  /// of most directions, and the dense weights count more.
  private static let doubt = 0.1
  /// The most that inputs for each sample add: places of one image are alike, and so are looks at it.
  private static let mostByImages = 0.5

  /// A layer; nil where moments are of no use.
  init?(_ problem: LayerProblem, _ product: FloatProduct) {
    self.problem = problem
    let (moments, n) = (problem.moments, problem.moments.n)
    let perGroup = problem.rows / moments.groups
    func shortage(of count: Int) -> Double { Self.doubt * Double(n) / Double(max(1, count)) }
    let damping = max(
      Self.damping, shortage(of: moments.count),
      min(Self.mostByImages, shortage(of: problem.sources)))
    var fits: [SparseFit] = []
    var means: [GroupMoments] = []
    for group in 0..<moments.groups {
      let rows = group * perGroup * n..<(group + 1) * perGroup * n
      var part = GroupMoments(moments, group: group, isCentered: problem.hasBias)
      guard
        let fit = SparseFit(
          problem.weights[rows], part, damping: damping,
          importance: OutputImportance(problem, group: group, part), product)
      else { return nil }
      fits.append(fit)
      part.dropProducts()
      means.append(part)
    }
    self.fits = fits
    self.means = means
  }

  /// The layer with zeros; nil where the pattern does not fit it or the problem is singular.
  ///
  /// - Parameters:
  ///   - zeros: nil for a layer that keeps its weights and follows the inputs that there are now.
  ///   - current: the weights as they are, whose zeros stay.
  func solve(_ zeros: PrunedLayer.Zeros?, current: Tensor) -> PrunedLayer? {
    let (n, perGroup) = (problem.moments.n, problem.rows / problem.moments.groups)
    let now = current.floats()
    var elements = [Float](repeating: 0, count: now.count)
    var shifts: [Double] = []
    for (group, fit) in fits.enumerated() {
      let first = group * perGroup
      let isZero = (0..<perGroup * n).map { now[problem.place(first + $0 / n, $0 % n)] == 0 }
      guard let found = solve(fit, zeros, perGroup, isZero) else { return nil }
      for row in 0..<perGroup {
        var shift = means[group].residualMeans.isEmpty ? 0 : means[group].residualMeans[row]
        for k in 0..<n {
          let value = Float(found[row * n + k])
          guard value.isFinite else { return nil }
          elements[problem.place(first + row, k)] = value
          shift +=
            problem.weights[(first + row) * n + k] * means[group].denseMeans[k]
            - Double(value) * means[group].means[k]
        }
        shifts.append(shift)
      }
    }
    return PrunedLayer(tensor: Tensor(elements, shape: problem.shape), shifts: shifts)
  }

  private func solve(
    _ fit: SparseFit, _ zeros: PrunedLayer.Zeros?, _ perGroup: Int, _ isZero: [Bool]
  ) -> [Double]? {
    guard let zeros else { return fit.solve(isZero: isZero) }
    var extents = problem.rowShape.dimensions
    extents[0] = perGroup
    guard
      let projection = MaskProjection(zeros.pattern, fraction: zeros.fraction, Shape(extents))
    else { return nil }
    return fit.solve(projection, isZero: isZero)
  }
}
