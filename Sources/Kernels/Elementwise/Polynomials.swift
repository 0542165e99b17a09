/// Elementary functions by reduction and polynomial, good to about 1e-7; C kernels repeat them
/// operation for operation, so that every instruction set gives the same bits.
enum Polynomial {
  /// Added and taken away again, this rounds a float below 2^22 to whole, half to even.
  static let rounding: Float = 12_582_912

  /// Returns e^x for x held between -87 and 88, by the reduction and polynomial of Cephes' expf.
  @inline(__always) static func exponential(_ value: Float) -> Float {
    let x = clamped(value, -87, 88)
    let shifted = x * 1.44269504 + rounding
    let n = shifted - rounding
    let r = (x - n * 0.693359375) - n * -2.12194440e-4
    var p: Float = 1.9875691500e-4
    p = p * r + 1.3981999507e-3
    p = p * r + 8.3334519073e-3
    p = p * r + 4.1665795894e-2
    p = p * r + 1.6666665459e-1
    p = p * r + 5.0000001201e-1
    p = (p * (r * r) + r) + 1
    return p * Float(bitPattern: (shifted.bitPattern &+ (127 &- 0x4B40_0000)) &<< 23)
  }

  /// Returns 1 / (1 + e^-x).
  @inline(__always) static func sigmoid(_ x: Float) -> Float { 1 / (1 + exponential(-x)) }

  /// Returns the hyperbolic tangent.
  @inline(__always) static func tangent(_ x: Float) -> Float {
    let size = x.magnitude
    let square = x * x
    var p: Float = -5.70498872745e-3
    p = p * square + 2.06390887954e-2
    p = p * square + -5.37397155531e-2
    p = p * square + 1.33314422036e-1
    p = p * square + -3.33332819422e-1
    let near = p * square * x + x
    let far = 1 - 2 / (exponential(size + size) + 1)
    return size < 0.625 ? near : withSign(of: x, far)
  }

  /// Returns the error function, by Abramowitz and Stegun 7.1.26.
  @inline(__always) static func error(_ x: Float) -> Float {
    let size = x.magnitude
    let t = 1 / (1 + 0.3275911 * size)
    var p: Float = 1.061405429
    p = p * t + -1.453152027
    p = p * t + 1.421413741
    p = p * t + -0.284496736
    p = p * t + 0.254829592
    let far = 1 - p * t * exponential(-(size * size))
    return withSign(of: x, far)
  }

  @inline(__always) private static func withSign(of x: Float, _ size: Float) -> Float {
    Float(bitPattern: size.bitPattern | (x.bitPattern & 0x8000_0000))
  }
}
