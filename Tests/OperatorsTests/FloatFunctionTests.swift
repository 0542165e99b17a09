import Foundation
import Testing

@testable import Operators

/// The functions that we compute by polynomials, against the C library's in double precision.
@Suite struct FloatFunctionTests {
  /// Numbers across the range of interest, denser near zero.
  private static let samples: [Float] = (-40000...40000).map { i in
    let x = Float(i) / 40000
    return x * x * x * 110
  }

  /// The greatest error in units in the last place of the exact result.
  private func worst(
    _ samples: [Float], _ function: (Float) -> Float, _ exact: (Double) -> Double
  ) -> Double {
    samples.map { x in
      let y = exact(Double(x))
      if Float(y).isInfinite { return function(x) == Float(y) ? 0 : .infinity }
      return abs(Double(function(x)) - y) / Double(max(Float(y).ulp, .leastNonzeroMagnitude))
    }.max() ?? 0
  }

  @Test func exponentialIsWithinTwoUnits() {
    #expect(worst(Self.samples, Float.exponential, Foundation.exp) <= 2)
    #expect(Float.exponential(.infinity) == .infinity)
    #expect(Float.exponential(-.infinity) == 0)
    #expect(Float.exponential(.nan).isNaN)
    #expect(Float.exponential(0) == 1)
  }

  @Test func exponentialLessOneIsWithinSixUnits() {
    #expect(worst(Self.samples, Float.exponentialLessOne, Foundation.expm1) <= 6)
    #expect(Float.exponentialLessOne(.nan).isNaN)
  }

  @Test func hyperbolicTangentIsWithinFiveUnits() {
    #expect(worst(Self.samples, Float.hyperbolicTangent, Foundation.tanh) <= 5)
    #expect(Float.hyperbolicTangent(.infinity) == 1)
    #expect(Float.hyperbolicTangent(-.infinity) == -1)
    #expect(Float.hyperbolicTangent(.nan).isNaN)
  }

  @Test func errorFunctionIsWithinFourTenMillionths() {
    for x in Self.samples {
      #expect(abs(Double(Float.errorFunction(x)) - Foundation.erf(Double(x))) <= 4e-7)
    }
    #expect(Float.errorFunction(.infinity) == 1)
    #expect(Float.errorFunction(.nan).isNaN)
  }
}
