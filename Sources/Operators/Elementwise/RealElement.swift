#if hasFeature(Embedded)
import CKernels
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A floating-point number with the functions of the C mathematics library.
protocol RealElement: NumberElement, BinaryFloatingPoint {
  /// e to the power of `x`.
  static func exponential(_ x: Self) -> Self
  /// e to the power of `x`, less one, exact near zero.
  static func exponentialLessOne(_ x: Self) -> Self
  /// The natural logarithm.
  static func logarithm(_ x: Self) -> Self
  /// The natural logarithm of one and `x`, exact near zero.
  static func logarithmOfOneAnd(_ x: Self) -> Self
  /// The hyperbolic tangent.
  static func hyperbolicTangent(_ x: Self) -> Self
  /// The error function.
  static func errorFunction(_ x: Self) -> Self
  /// The sine of an angle in radians.
  static func sine(_ x: Self) -> Self
  /// The cosine of an angle in radians.
  static func cosine(_ x: Self) -> Self
  /// The tangent of an angle in radians.
  static func tangent(_ x: Self) -> Self
  /// The angle in radians whose sine is `x`.
  static func arcSine(_ x: Self) -> Self
  /// The angle in radians whose cosine is `x`.
  static func arcCosine(_ x: Self) -> Self
  /// The angle in radians whose tangent is `x`.
  static func arcTangent(_ x: Self) -> Self
  /// The hyperbolic sine.
  static func hyperbolicSine(_ x: Self) -> Self
  /// The hyperbolic cosine.
  static func hyperbolicCosine(_ x: Self) -> Self
  /// The inverse of the hyperbolic sine.
  static func inverseHyperbolicSine(_ x: Self) -> Self
  /// The inverse of the hyperbolic cosine.
  static func inverseHyperbolicCosine(_ x: Self) -> Self
  /// The inverse of the hyperbolic tangent.
  static func inverseHyperbolicTangent(_ x: Self) -> Self
}

extension RealElement {
  static var one: Self { 1 }
  static var hasOwnLoops: Bool { true }
  static var lowest: Self { -infinity }
  static var highest: Self { infinity }
  var asDouble: Double { Double(self) }
  init(saturating value: Double) { self.init(value) }
  static func negated(_ x: Self) -> Self { -x }
  static func sum(_ a: Self, _ b: Self) -> Self { a + b }
  static func difference(_ a: Self, _ b: Self) -> Self { a - b }
  static func product(_ a: Self, _ b: Self) -> Self { a * b }
  static func quotient(_ a: Self, _ b: Self) -> Self { a / b }

  static func truncatedRemainder(_ a: Self, _ b: Self) -> Self {
    a.truncatingRemainder(dividingBy: b)
  }

  static func flooredRemainder(_ a: Self, _ b: Self) -> Self {
    let remainder = a.truncatingRemainder(dividingBy: b)
    if remainder == 0 { return Self(signOf: b, magnitudeOf: 0) }
    return (remainder < 0) != (b < 0) ? remainder + b : remainder
  }
}

extension Float: RealElement {
  static func power(_ a: Float, _ b: Float) -> Float { powf(a, b) }
  static func logarithm(_ x: Float) -> Float { logf(x) }
  static func logarithmOfOneAnd(_ x: Float) -> Float { log1pf(x) }
  static func sine(_ x: Float) -> Float { sinf(x) }
  static func cosine(_ x: Float) -> Float { cosf(x) }
  static func tangent(_ x: Float) -> Float { tanf(x) }
  static func arcSine(_ x: Float) -> Float { asinf(x) }
  static func arcCosine(_ x: Float) -> Float { acosf(x) }
  static func arcTangent(_ x: Float) -> Float { atanf(x) }
  static func hyperbolicSine(_ x: Float) -> Float { sinhf(x) }
  static func hyperbolicCosine(_ x: Float) -> Float { coshf(x) }
  static func inverseHyperbolicSine(_ x: Float) -> Float { asinhf(x) }
  static func inverseHyperbolicCosine(_ x: Float) -> Float { acoshf(x) }
  static func inverseHyperbolicTangent(_ x: Float) -> Float { atanhf(x) }
}

extension Double: RealElement {
  static func power(_ a: Double, _ b: Double) -> Double { pow(a, b) }
  static func exponential(_ x: Double) -> Double { exp(x) }
  static func exponentialLessOne(_ x: Double) -> Double { expm1(x) }
  static func logarithm(_ x: Double) -> Double { log(x) }
  static func logarithmOfOneAnd(_ x: Double) -> Double { log1p(x) }
  static func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
  static func errorFunction(_ x: Double) -> Double { erf(x) }
  static func sine(_ x: Double) -> Double { sin(x) }
  static func cosine(_ x: Double) -> Double { cos(x) }
  static func tangent(_ x: Double) -> Double { tan(x) }
  static func arcSine(_ x: Double) -> Double { asin(x) }
  static func arcCosine(_ x: Double) -> Double { acos(x) }
  static func arcTangent(_ x: Double) -> Double { atan(x) }
  static func hyperbolicSine(_ x: Double) -> Double { sinh(x) }
  static func hyperbolicCosine(_ x: Double) -> Double { cosh(x) }
  static func inverseHyperbolicSine(_ x: Double) -> Double { asinh(x) }
  static func inverseHyperbolicCosine(_ x: Double) -> Double { acosh(x) }
  static func inverseHyperbolicTangent(_ x: Double) -> Double { atanh(x) }
}
