public import Interpreter

extension RandomStream {
  /// A number of the standard normal distribution (Marsaglia's polar method).
  public mutating func normal() -> Double {
    while true {
      let x = 2 * uniform() - 1
      let y = 2 * uniform() - 1
      let square = x * x + y * y
      if square > 0, square < 1 { return x * (-2 * Double.logarithm(square) / square).squareRoot() }
    }
  }

  /// A number of the gamma distribution of a shape above zero and scale 1 (Marsaglia and Tsang, 2000).
  public mutating func gamma(_ shape: Double) -> Double {
    guard shape >= 1 else {
      let boost = Double.power(uniform(), 1 / shape)
      return gamma(shape + 1) * boost
    }
    let d = shape - 1 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let root = 1 + c * x
      guard root > 0 else { continue }
      let v = root * root * root
      let u = uniform()
      if u > 0, Double.logarithm(u) < 0.5 * x * x + d - d * v + d * Double.logarithm(v) {
        return d * v
      }
    }
  }

  /// A number of the beta distribution with both parameters `alpha`, which is above zero.
  public mutating func beta(_ alpha: Double) -> Double {
    let first = gamma(alpha)
    let second = gamma(alpha)
    // For a tiny alpha both vanish: all of the weight is at the two ends.
    guard first + second > 0 else { return uniform() < 0.5 ? 0 : 1 }
    return first / (first + second)
  }
}
