/// Arithmetic on little-endian elements whose width is known when the program runs alone.
enum Elements {
  /// What becomes of a number in a piece and the element of the base.
  protocol Rule {
    static func apply<T: FixedWidthInteger & UnsignedInteger>(_ number: T, _ base: T) -> T
  }

  /// Applies `rule` to the numbers whose bytes lie in `planes`, lowest plane first, and to the elements of
  /// `out`, where the results go.
  static func apply<R: Rule>(
    _ rule: R.Type, _ planes: UnsafeRawBufferPointer, to out: UnsafeMutableRawBufferPointer,
    width: Int
  ) {
    switch width {
    case 1: apply(rule, planes, out, UInt8.self)
    case 2: apply(rule, planes, out, UInt16.self)
    case 4: apply(rule, planes, out, UInt32.self)
    default: apply(rule, planes, out, UInt64.self)
    }
  }

  private static func apply<R: Rule, T: FixedWidthInteger & UnsignedInteger>(
    _ rule: R.Type, _ planes: UnsafeRawBufferPointer, _ out: UnsafeMutableRawBufferPointer,
    _ type: T.Type
  ) {
    let size = MemoryLayout<T>.size
    let count = out.count / size
    for index in 0..<count {
      var number: T = 0
      for plane in 0..<size {
        number |=
          T(truncatingIfNeeded: planes[plane * count + index]) << T(truncatingIfNeeded: plane * 8)
      }
      let base = T(littleEndian: out.loadUnaligned(fromByteOffset: index * size, as: T.self))
      out.storeBytes(
        of: R.apply(number, base).littleEndian, toByteOffset: index * size, as: T.self)
    }
  }

  /// The folded differences of `target` from `base`, which is as long: element by element, as bytes.
  static func folded(
    _ target: ArraySlice<UInt8>, _ base: ArraySlice<UInt8>, width: Int
  ) -> [UInt8] {
    func fold<T: FixedWidthInteger & UnsignedInteger>(_ type: T.Type) -> [UInt8] {
      target.withUnsafeBytes { target in
        base.withUnsafeBytes { base in
          let count = target.count / MemoryLayout<T>.size
          let numbers = (0..<count).map { index in
            let offset = index * MemoryLayout<T>.size
            let value = T(littleEndian: target.loadUnaligned(fromByteOffset: offset, as: T.self))
            let other = T(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: T.self))
            let difference = value &- other
            return (difference << 1 ^ (0 &- (difference >> T(T.bitWidth - 1)))).littleEndian
          }
          return numbers.withUnsafeBytes { [UInt8]($0) }
        }
      }
    }
    return switch width {
    case 1: fold(UInt8.self)
    case 2: fold(UInt16.self)
    case 4: fold(UInt32.self)
    default: fold(UInt64.self)
    }
  }
}

/// The number itself.
enum Replace: Elements.Rule {
  static func apply<T: FixedWidthInteger & UnsignedInteger>(_ number: T, _ base: T) -> T { number }
}

/// The base plus a folded difference.
enum Unfold: Elements.Rule {
  static func apply<T: FixedWidthInteger & UnsignedInteger>(_ number: T, _ base: T) -> T {
    base &+ (number >> 1 ^ (0 &- (number & 1)))
  }
}

/// The base with bits flipped.
enum Flip: Elements.Rule {
  static func apply<T: FixedWidthInteger & UnsignedInteger>(_ number: T, _ base: T) -> T {
    number ^ base
  }
}
