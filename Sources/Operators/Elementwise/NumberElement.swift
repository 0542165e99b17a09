/// A number that arithmetic operators compute with; no operation traps, whatever the operands.
///
/// Integers wrap around on overflow; functions of real numbers go through Double and saturate.
protocol NumberElement: BitwiseCopyable, Sendable, Comparable, AdditiveArithmetic {
  /// The value one.
  static var one: Self { get }
  /// Whether loops over the type are compiled for each way of walking operands, or for one alone:
  /// rare types do not take that much code.
  static var hasOwnLoops: Bool { get }
  /// Negative infinity, or the least integer.
  static var lowest: Self { get }
  /// Positive infinity, or the greatest integer.
  static var highest: Self { get }
  /// Whether the value is not a number; never so for integers.
  var isNaN: Bool { get }
  /// The value as Double, rounded where it has more than 53 bits.
  var asDouble: Double { get }
  /// The nearest value, toward zero for integers; integers saturate, and take NaN as zero.
  init(saturating value: Double)
  /// `-x`.
  static func negated(_ x: Self) -> Self
  /// `a + b`.
  static func sum(_ a: Self, _ b: Self) -> Self
  /// `a - b`.
  static func difference(_ a: Self, _ b: Self) -> Self
  /// `a * b`.
  static func product(_ a: Self, _ b: Self) -> Self
  /// `a / b`; integers truncate toward zero, and give zero for a divisor of zero.
  static func quotient(_ a: Self, _ b: Self) -> Self
  /// The remainder with the sign of `a`; integers give zero for a divisor of zero.
  static func truncatedRemainder(_ a: Self, _ b: Self) -> Self
  /// The remainder with the sign of `b`; integers give zero for a divisor of zero.
  static func flooredRemainder(_ a: Self, _ b: Self) -> Self
  /// `a` to the power of `b`.
  static func power(_ a: Self, _ b: Self) -> Self
}

extension NumberElement {
  static var hasOwnLoops: Bool { false }

  /// The larger operand, or NaN where either is.
  static func maximum(_ a: Self, _ b: Self) -> Self { a > b || a.isNaN ? a : b }

  /// The smaller operand, or NaN where either is.
  static func minimum(_ a: Self, _ b: Self) -> Self { a < b || a.isNaN ? a : b }

  /// The magnitude; the least integer has none and stays itself.
  static func magnitude(_ x: Self) -> Self { x < zero ? negated(x) : x == zero ? zero : x }
}

extension NumberElement where Self: FixedWidthInteger {
  static var one: Self { 1 }
  static var lowest: Self { .min }
  static var highest: Self { .max }
  var isNaN: Bool { false }
  var asDouble: Double { Double(self) }

  init(saturating value: Double) { self.init(saturatingReal: value) }
  static func negated(_ x: Self) -> Self { 0 &- x }
  static func sum(_ a: Self, _ b: Self) -> Self { a &+ b }
  static func difference(_ a: Self, _ b: Self) -> Self { a &- b }
  static func product(_ a: Self, _ b: Self) -> Self { a &* b }

  static func quotient(_ a: Self, _ b: Self) -> Self {
    b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
  }

  static func truncatedRemainder(_ a: Self, _ b: Self) -> Self {
    b == 0 ? 0 : a.remainderReportingOverflow(dividingBy: b).partialValue
  }

  static func flooredRemainder(_ a: Self, _ b: Self) -> Self {
    let remainder = truncatedRemainder(a, b)
    return remainder != 0 && (remainder < 0) != (b < 0) ? remainder &+ b : remainder
  }

  static func power(_ a: Self, _ b: Self) -> Self {
    if b < 0 {
      // 1 / a^-b, truncated: zero unless a is 1 or -1.
      if a == 1 { return 1 }
      let isMinusOne = a < 0 && a &+ 1 == 0
      return isMinusOne ? (b & 1 == 0 ? 1 : a) : 0
    }
    var result: Self = 1
    var factor = a
    var exponent = b
    while exponent > 0 {
      if exponent & 1 == 1 { result = result &* factor }
      factor = factor &* factor
      exponent >>= 1
    }
    return result
  }
}

extension Int64: NumberElement { static var hasOwnLoops: Bool { true } }
extension Int32: NumberElement { static var hasOwnLoops: Bool { true } }
extension Int16: NumberElement {}
extension Int8: NumberElement {}
extension UInt64: NumberElement {}
extension UInt32: NumberElement {}
extension UInt16: NumberElement {}
extension UInt8: NumberElement {}
