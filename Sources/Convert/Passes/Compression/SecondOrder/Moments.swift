import Kernels

/// Sums over what the products of a layer read: x of the network that is being compressed, and d, the
/// same in the dense one.
///
/// A column of inputs is one place of the output: n numbers, inputs times taps of one group. Blocks of
/// products are summed in float32, and blocks in double.
struct Moments {
  /// Groups of outputs that do not share inputs, and products in each sum of one.
  let groups: Int, n: Int
  /// How many columns were summed.
  private(set) var count = 0
  /// Sums of x·xᵀ and of d·xᵀ for each group, n by n, row-major.
  private(set) var products: [Double]
  /// Empty where x and d are equal.
  private(set) var crossProducts: [Double]
  /// Sums of x and of d, n for each group.
  private(set) var sums: [Double]
  private(set) var denseSums: [Double]
  /// Sums of r·xᵀ and of r: what the dense network has more in a value that is added to the outputs.
  ///
  /// [outputs][n] and [outputs]; empty where nothing is added.
  private(set) var residualProducts: [Double] = []
  private(set) var residualSums: [Double] = []

  /// Empty sums; without `hasDense` the two networks read the same, and sums of d are those of x.
  init(groups: Int, n: Int, hasDense: Bool) {
    self.groups = groups
    self.n = n
    products = [Double](repeating: 0, count: groups * n * n)
    crossProducts = hasDense ? products : []
    sums = [Double](repeating: 0, count: groups * n)
    denseSums = sums
  }

  /// Takes in `columns` columns of every group: row-major [groups · n][columns].
  ///
  /// - Parameter dense: the same columns in the dense network; nil where they are equal.
  mutating func add(
    _ inputs: [Float], dense: [Float]?, columns: Int, _ product: FloatProduct
  ) {
    guard columns > 0 else { return }
    count += columns
    inputs.withUnsafeBufferPointer { x in
      guard let x = x.baseAddress else { return }
      Self.addProducts(x, x, groups, n, columns, to: &products, product)
      Self.addRows(x, columns, to: &sums)
      guard let dense else {
        if !crossProducts.isEmpty {
          Self.addProducts(x, x, groups, n, columns, to: &crossProducts, product)
        }
        Self.addRows(x, columns, to: &denseSums)
        return
      }
      dense.withUnsafeBufferPointer { d in
        guard let d = d.baseAddress else { return }
        Self.addProducts(d, x, groups, n, columns, to: &crossProducts, product)
        Self.addRows(d, columns, to: &denseSums)
      }
    }
  }

  /// Takes in what the dense network has more in a value that is added to the outputs, [outputs][columns], beside
  /// the `inputs` of those columns.
  mutating func addResidual(
    _ residual: [Float], _ inputs: [Float], columns: Int, _ product: FloatProduct
  ) {
    guard columns > 0 else { return }
    let outputs = residual.count / columns
    if residualSums.isEmpty {
      residualProducts = [Double](repeating: 0, count: outputs * n)
      residualSums = [Double](repeating: 0, count: outputs)
    }
    let perGroup = outputs / groups
    var result = [Float](repeating: 0, count: perGroup * n)
    residual.withUnsafeBufferPointer { r in
      inputs.withUnsafeBufferPointer { x in
        guard let r = r.baseAddress, let x = x.baseAddress else { return }
        Self.addRows(r, columns, to: &residualSums)
        for group in 0..<groups {
          result.withUnsafeMutableBufferPointer { result in
            guard let c = result.baseAddress else { return }
            product.multiply(
              m: perGroup, n: n, k: columns,
              .init(start: r + group * perGroup * columns, leading: columns),
              .init(start: x + group * n * columns, leading: columns, isTransposed: true), to: c,
              leading: n)
          }
          for index in 0..<perGroup * n {
            residualProducts[group * perGroup * n + index] += Double(result[index])
          }
        }
      }
    }
  }

  /// The most columns whose products are summed in float32.
  private static let block = 1024

  private static func addProducts(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ groups: Int, _ n: Int,
    _ columns: Int, to sums: inout [Double], _ product: FloatProduct
  ) {
    if n < 32 { return addSmallProducts(a, b, groups, n, columns, to: &sums, product.pool) }
    var result = [Float](repeating: 0, count: n * n)
    for group in 0..<groups {
      for first in stride(from: 0, to: columns, by: block) {
        let start = group * n * columns + first
        result.withUnsafeMutableBufferPointer { result in
          guard let c = result.baseAddress else { return }
          product.multiply(
            m: n, n: n, k: min(block, columns - first), .init(start: a + start, leading: columns),
            .init(start: b + start, leading: columns, isTransposed: true), to: c, leading: n)
          sums.withUnsafeMutableBufferPointer { sums in
            for index in 0..<n * n { sums[group * n * n + index] += Double(result[index]) }
          }
        }
      }
    }
  }

  /// Groups of few products, as in depthwise convolutions: pairs of rows, one by one.
  private static func addSmallProducts(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ groups: Int, _ n: Int,
    _ columns: Int, to sums: inout [Double], _ pool: ThreadPool
  ) {
    sums.withUnsafeMutableBufferPointer { sums in
      nonisolated(unsafe) let sums = sums
      pool.share(groups) { _, range in
        for group in range {
          for i in 0..<n {
            for j in 0..<n {
              sums[(group * n + i) * n + j] += dot(
                a + (group * n + i) * columns, b + (group * n + j) * columns, columns)
            }
          }
        }
      }
    }
  }

  /// The sum of products of two rows.
  private static func dot(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int
  ) -> Double {
    var lanes = SIMD16<Float>()
    var sum = 0.0
    var at = 0
    while at + 16 <= count {
      let end = min(count - 15, at + block)
      lanes = SIMD16()
      while at < end {
        lanes +=
          UnsafeRawPointer(a + at).loadUnaligned(as: SIMD16<Float>.self)
          * UnsafeRawPointer(b + at).loadUnaligned(as: SIMD16<Float>.self)
        at += 16
      }
      sum += Double(lanes.sum())
    }
    while at < count {
      sum += Double(a[at]) * Double(b[at])
      at += 1
    }
    return sum
  }

  private static func addRows(
    _ rows: UnsafePointer<Float>, _ columns: Int, to sums: inout [Double]
  ) {
    for row in sums.indices {
      var sum = 0.0
      for column in 0..<columns { sum += Double(rows[row * columns + column]) }
      sums[row] += sum
    }
  }
}

/// What the rounding of one group needs to know.
struct GroupMoments {
  let n: Int
  /// The mean of x·xᵀ and of (d − x)·xᵀ, about the means where a bias takes those; the latter is empty where
  /// x and d are equal.
  var products: [Double]
  var differences: [Double]
  /// The means of x and of d.
  let means: [Double]
  let denseMeans: [Double]
  /// The mean of r·xᵀ, about the means where a bias takes those, and of r: [outputs of the group][n] and
  /// [outputs]; empty where nothing is added to the outputs.
  var residuals: [Double] = []
  var residualMeans: [Double] = []

  init(_ moments: Moments, group: Int, isCentered: Bool) {
    let n = moments.n
    self.n = n
    let scale = 1 / Double(max(1, moments.count))
    let means = moments.sums[group * n..<(group + 1) * n].map { $0 * scale }
    let denseMeans = moments.denseSums[group * n..<(group + 1) * n].map { $0 * scale }
    self.means = means
    self.denseMeans = denseMeans
    products = moments.products[group * n * n..<(group + 1) * n * n].map { $0 * scale }
    differences = []
    if !moments.residualSums.isEmpty {
      let outputs = moments.residualSums.count / moments.groups
      let range = group * outputs..<(group + 1) * outputs
      residualMeans = moments.residualSums[range].map { $0 * scale }
      residuals = moments.residualProducts[range.lowerBound * n..<range.upperBound * n].map {
        $0 * scale
      }
      if isCentered {
        for row in 0..<outputs {
          for k in 0..<n { residuals[row * n + k] -= residualMeans[row] * means[k] }
        }
      }
    }
    if isCentered {
      for i in 0..<n { for j in 0..<n { products[i * n + j] -= means[i] * means[j] } }
    }
    guard !moments.crossProducts.isEmpty else { return }
    differences = moments.crossProducts[group * n * n..<(group + 1) * n * n].map { $0 * scale }
    for i in 0..<n {
      for j in 0..<n {
        let cross = differences[i * n + j] - (isCentered ? denseMeans[i] * means[j] : 0)
        differences[i * n + j] = cross - products[i * n + j]
      }
    }
  }

  /// Drops all but the means.
  mutating func dropProducts() { (products, differences, residuals) = ([], [], []) }

  /// The mean of the diagonal.
  var meanSquare: Double {
    n == 0 ? 0 : (0..<n).reduce(0) { $0 + products[$1 * n + $1] } / Double(n)
  }
}
