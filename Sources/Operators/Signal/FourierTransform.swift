import ModelFormat

/// A complex number.
struct Complex<T: RealElement>: Sendable, BitwiseCopyable {
  /// The real and the imaginary part.
  var x: T, y: T

  /// The number `x + iy`.
  init(_ x: T, _ y: T) { (self.x, self.y) = (x, y) }
}

/// A discrete Fourier transform of any length, by its prime factors (Cooley and Tukey, 1965).
///
/// Takes `length` times the sum of the factors, so that a large prime is slow.
struct FourierTransform<T: RealElement>: Sendable {
  /// The number of entries.
  let length: Int
  private var factors: [Int] = []
  /// Cosine and sine of each multiple of a full turn over `length`.
  private var turns: [Complex<T>] = []

  /// Elements of scratch memory: entries in, entries out, and one for each term of a factor.
  var scratchCount: Int { 2 * length + (factors.max() ?? 1) }

  /// How often each entry is gone through: the sum of the prime factors of `length`.
  static func steps(length: Int) -> Int { primeFactors(length).reduce(1, +) }

  private static func primeFactors(_ number: Int) -> [Int] {
    var factors: [Int] = []
    var rest = number
    var factor = 2
    while rest > 1 {
      if factor > rest / factor { factor = rest }
      while rest % factor == 0 {
        factors.append(factor)
        rest /= factor
      }
      factor += 1
    }
    return factors
  }

  /// The transform of `length` entries, at least one; backwards where `isInverse`.
  init(length: Int, isInverse: Bool) {
    self.length = length
    factors = Self.primeFactors(length)
    turns = (0..<length).map { i in
      let angle = 2 * Double.pi * Double(i) / Double(length)
      let sine = Double.sine(angle)
      return Complex(T(Double.cosine(angle)), T(isInverse ? sine : -sine))
    }
  }

  /// Transforms the first `length` entries of `scratch` to the next ones, and gives these.
  func run(_ scratch: UnsafeMutablePointer<Complex<T>>) -> UnsafeMutablePointer<Complex<T>> {
    turns.withUnsafeBufferPointer { turns in
      factors.withUnsafeBufferPointer { factors in
        run(
          scratch, 1, to: scratch + length, length, 0, factors, turns, scratch + 2 * length)
      }
    }
    return scratch + length
  }

  /// Transforms `count` entries that are `step` apart, of which the whole has `step` such series.
  private func run(
    _ from: UnsafeMutablePointer<Complex<T>>, _ step: Int, to: UnsafeMutablePointer<Complex<T>>,
    _ count: Int, _ level: Int, _ factors: UnsafeBufferPointer<Int>,
    _ turns: UnsafeBufferPointer<Complex<T>>, _ terms: UnsafeMutablePointer<Complex<T>>
  ) {
    guard count > 1 else {
      to.pointee = from.pointee
      return
    }
    let factor = factors[level]
    let inner = count / factor
    for r in 0..<factor {
      run(
        from + r * step, step * factor, to: to + r * inner, inner, level + 1, factors, turns, terms)
    }
    for k in 0..<inner {
      for r in 0..<factor { terms[r] = to[r * inner + k] }
      for q in 0..<factor {
        let place = k + q * inner
        var sum = terms[0]
        for r in 1..<factor {
          let turn = turns[r * place % count * step]
          let term = terms[r]
          sum.x += term.x * turn.x - term.y * turn.y
          sum.y += term.x * turn.y + term.y * turn.x
        }
        to[place] = sum
      }
    }
  }
}
