/// Sums of squares in eight lanes of double precision, in an order that depends on the count alone.
enum SquareSums {
  /// The sum of squares of `count` elements.
  static func squares(_ x: UnsafePointer<Float>, _ count: Int) -> Double {
    var lanes = SIMD8<Double>()
    var i = 0
    while i &+ 8 <= count {
      let part = SIMD8<Double>(
        UnsafeRawPointer(x + i).loadUnaligned(as: SIMD8<Float>.self))
      lanes += part * part
      i &+= 8
    }
    var sum = lanes.sum()
    while i < count {
      sum += Double(x[i]) * Double(x[i])
      i &+= 1
    }
    return sum
  }

  /// The sum of squares of the differences of `count` elements.
  static func differences(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int
  ) -> Double {
    var lanes = SIMD8<Double>()
    var i = 0
    while i &+ 8 <= count {
      let a = UnsafeRawPointer(x + i).loadUnaligned(as: SIMD8<Float>.self)
      let b = UnsafeRawPointer(y + i).loadUnaligned(as: SIMD8<Float>.self)
      let part = SIMD8<Double>(a - b)
      lanes += part * part
      i &+= 8
    }
    var sum = lanes.sum()
    while i < count {
      let difference = Double(x[i] - y[i])
      sum += difference * difference
      i &+= 1
    }
    return sum
  }
}
