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
  private(set) var crossProducts: [Double]
  /// Sums of x and of d, n for each group.
  private(set) var sums: [Double]
  private(set) var denseSums: [Double]

  init(groups: Int, n: Int) {
    self.groups = groups
    self.n = n
    products = [Double](repeating: 0, count: groups * n * n)
    crossProducts = products
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
        Self.addProducts(x, x, groups, n, columns, to: &crossProducts, product)
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
  /// The mean of x·xᵀ and of (d − x)·xᵀ, about the means where a bias takes those.
  var products: [Double]
  var differences: [Double]
  /// The means of x and of d.
  let means: [Double]
  let denseMeans: [Double]

  init(_ moments: Moments, group: Int, isCentered: Bool) {
    let n = moments.n
    self.n = n
    let scale = 1 / Double(max(1, moments.count))
    let means = moments.sums[group * n..<(group + 1) * n].map { $0 * scale }
    let denseMeans = moments.denseSums[group * n..<(group + 1) * n].map { $0 * scale }
    self.means = means
    self.denseMeans = denseMeans
    products = moments.products[group * n * n..<(group + 1) * n * n].map { $0 * scale }
    differences = moments.crossProducts[group * n * n..<(group + 1) * n * n].map { $0 * scale }
    for i in 0..<n {
      for j in 0..<n {
        var cross = differences[i * n + j]
        if isCentered {
          products[i * n + j] -= means[i] * means[j]
          cross -= denseMeans[i] * means[j]
        }
        differences[i * n + j] = cross - products[i * n + j]
      }
    }
  }

  /// The mean of the diagonal.
  var meanSquare: Double {
    n == 0 ? 0 : (0..<n).reduce(0) { $0 + products[$1 * n + $1] } / Double(n)
  }
}
