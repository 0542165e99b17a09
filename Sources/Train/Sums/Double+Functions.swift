#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The functions of the C mathematics library that training needs.
extension Double {
  /// e to the power of `x`.
  static func exponential(_ x: Double) -> Double { exp(x) }
  /// The natural logarithm.
  static func logarithm(_ x: Double) -> Double { log(x) }
  /// `base` to the power of `exponent`.
  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
  /// The cosine of an angle in radians.
  static func cosine(_ x: Double) -> Double { cos(x) }
  /// The sine of an angle in radians.
  static func sine(_ x: Double) -> Double { sin(x) }
}
