/// A product of matrices of any number type, without kernels of its own; integers wrap around.
struct PlainProduct<T: NumberElement>: Sendable {
  let m: Int
  let n: Int
  let k: Int
  var transposesA = false
  var transposesB = false

  /// Writes `a · b` to `y`; matrices are dense.
  func run(
    _ a: UnsafePointer<T>, _ b: UnsafePointer<T>, to y: UnsafeMutablePointer<T>
  ) {
    let (rowA, columnA) = transposesA ? (1, m) : (k, 1)
    for row in 0..<m {
      let sums = y + row &* n
      sums.update(repeating: T.zero, count: n)
      for inner in 0..<k {
        let factor = a[row &* rowA &+ inner &* columnA]
        if transposesB {
          for column in 0..<n {
            sums[column] = T.sum(sums[column], T.product(factor, b[column &* k &+ inner]))
          }
        } else {
          let line = b + inner &* n
          for column in 0..<n {
            sums[column] = T.sum(sums[column], T.product(factor, line[column]))
          }
        }
      }
    }
  }
}
