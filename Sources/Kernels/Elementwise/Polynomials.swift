/// Elementary functions by reduction and polynomials, good to about 4e-7 of their value; C kernels
/// repeat them operation for operation, so that every instruction set gives the same bits.
enum Polynomial {
  /// Added and taken away again, this rounds a float below 2^22 to whole, half to even.
  static let rounding: Float = 12_582_912

  /// Returns e^x for x held between -87 and 88, by the reduction and polynomial of Cephes' expf.
  @inline(__always) static func exponential(_ value: Float) -> Float {
    let x = clamped(value, -87, 88)
    let shifted = fused(x, 1.44269504, rounding)
    let n = shifted - rounding
    let r = fused(n, 2.12194440e-4, fused(n, -0.693359375, x))
    var p: Float = 1.9875691500e-4
    p = fused(p, r, 1.3981999507e-3)
    p = fused(p, r, 8.3334519073e-3)
    p = fused(p, r, 4.1665795894e-2)
    p = fused(p, r, 1.6666665459e-1)
    p = fused(p, r, 5.0000001201e-1)
    p = fused(p, r * r, r) + 1
    return p * Float(bitPattern: (shifted.bitPattern &+ (127 &- 0x4B40_0000)) &<< 23)
  }

  /// Returns 1 / (1 + e^-x).
  @inline(__always) static func sigmoid(_ x: Float) -> Float { 1 / (1 + exponential(-x)) }

  /// Returns x / (1 + e^-x).
  @inline(__always) static func silu(_ x: Float) -> Float { x / (1 + exponential(-x)) }

  /// Returns the hyperbolic tangent.
  ///
  /// x * P(x^2) / Q(x^2), fitted to the least relative error over -9 to 9, x held inside.
  @inline(__always) static func tangent(_ value: Float) -> Float {
    let x = clamped(value, -9, 9)
    let u = x * x
    var p: Float = 1.335465694e-08
    p = fused(p, u, 2.060907718e-05)
    p = fused(p, u, 3.495587735e-03)
    p = fused(p, u, 1.338102520e-01)
    p = fused(p, u, 1)
    var q: Float = 7.776556004e-07
    q = fused(q, u, 3.285634157e-04)
    q = fused(q, u, 2.587698027e-02)
    q = fused(q, u, 4.671434164e-01)
    q = fused(q, u, 1)
    return clamped(x * p / q, -1, 1)
  }

  /// Returns the error function, by the same form over -3.92 to 3.92, beyond which it is 1 within 3e-8.
  @inline(__always) static func error(_ value: Float) -> Float {
    let x = clamped(value, -3.92, 3.92)
    let u = x * x
    var p: Float = 2.050082912e-06
    p = fused(p, u, 2.848838922e-04)
    p = fused(p, u, 3.765659407e-03)
    p = fused(p, u, 5.274885520e-02)
    p = fused(p, u, 1.904074252e-01)
    p = fused(p, u, 1.128379107e+00)
    var q: Float = 3.809172995e-05
    q = fused(q, u, 1.162546221e-03)
    q = fused(q, u, 1.496930141e-02)
    q = fused(q, u, 1.141095087e-01)
    q = fused(q, u, 5.020769238e-01)
    q = fused(q, u, 1)
    return clamped(x * p / q, -1, 1)
  }

  /// Returns a * b + c in one rounding.
  @inline(__always) private static func fused(_ a: Float, _ b: Float, _ c: Float) -> Float {
    c.addingProduct(a, b)
  }
}
