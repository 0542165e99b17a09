/// Sums in eight lanes of float32: as fast as vectors add, and more exact than one sum of many.
enum Lanes {
  /// The sum of `element` at 0 ..< `count`.
  @inline(__always)
  static func sum(_ count: Int, _ element: (Int) -> Float) -> Float {
    var lanes = (SIMD4<Float>(), SIMD4<Float>())
    var i = 0
    while i &+ 8 <= count {
      lanes.0 += SIMD4(element(i), element(i &+ 1), element(i &+ 2), element(i &+ 3))
      lanes.1 += SIMD4(element(i &+ 4), element(i &+ 5), element(i &+ 6), element(i &+ 7))
      i &+= 8
    }
    var sum = (lanes.0 + lanes.1).sum()
    while i < count {
      sum += element(i)
      i &+= 1
    }
    return sum
  }
}
