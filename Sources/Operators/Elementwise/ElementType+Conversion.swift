import ModelFormat

/// Conversion of runs of elements between their type in memory and a common wide type.
extension ElementType {
  /// Reads `count` elements as Double.
  func readReals(_ source: UnsafeRawPointer, _ count: Int, _ out: UnsafeMutablePointer<Double>) {
    switch self {
    case .float32: convert(source, count, out) { (x: Float) in Double(x) }
    case .float64: convert(source, count, out) { (x: Double) in x }
    case .float16: convert(source, count, out) { (x: UInt16) in Double(Float(halfBits: x)) }
    case .bfloat16:
      convert(source, count, out) { (x: UInt16) in Double(Float(bitPattern: UInt32(x) << 16)) }
    case .bool: convert(source, count, out) { (x: UInt8) in x == 0 ? 0 : 1 }
    case .int8: convert(source, count, out) { (x: Int8) in Double(x) }
    case .uint8: convert(source, count, out) { (x: UInt8) in Double(x) }
    case .int16: convert(source, count, out) { (x: Int16) in Double(x) }
    case .uint16: convert(source, count, out) { (x: UInt16) in Double(x) }
    case .int32: convert(source, count, out) { (x: Int32) in Double(x) }
    case .uint32: convert(source, count, out) { (x: UInt32) in Double(x) }
    case .int64: convert(source, count, out) { (x: Int64) in Double(x) }
    case .uint64: convert(source, count, out) { (x: UInt64) in Double(x) }
    }
  }

  /// Writes `count` numbers as elements of this type.
  func writeReals(_ reals: UnsafePointer<Double>, _ count: Int, _ target: UnsafeMutableRawPointer) {
    func write<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) {
      convert(reals, count, target.assumingMemoryBound(to: T.self)) { (x: Double) in
        T(saturatingReal: x)
      }
    }
    let halves = target.assumingMemoryBound(to: UInt16.self)
    switch self {
    case .float32:
      convert(reals, count, target.assumingMemoryBound(to: Float.self)) { (x: Double) in Float(x) }
    case .float64:
      convert(reals, count, target.assumingMemoryBound(to: Double.self)) { (x: Double) in x }
    case .float16: convert(reals, count, halves) { (x: Double) in Float(x).halfBits }
    case .bfloat16: convert(reals, count, halves) { (x: Double) in Float(x).brainBits }
    case .bool:
      convert(reals, count, target.assumingMemoryBound(to: UInt8.self)) { (x: Double) in
        x == 0 ? 0 : 1
      }
    case .int8: write(Int8.self)
    case .uint8: write(UInt8.self)
    case .int16: write(Int16.self)
    case .uint16: write(UInt16.self)
    case .int32: write(Int32.self)
    case .uint32: write(UInt32.self)
    case .int64: write(Int64.self)
    case .uint64: write(UInt64.self)
    }
  }

  /// Reads `count` integers as 64 bits, of which uint64 uses all; reals are not read.
  func readIntegers(_ source: UnsafeRawPointer, _ count: Int, _ out: UnsafeMutablePointer<Int64>) {
    func read<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) {
      convert(source, count, out) { (x: T) in Int64(truncatingIfNeeded: x) }
    }
    switch self {
    case .bool: convert(source, count, out) { (x: UInt8) in x == 0 ? 0 : 1 }
    case .int8: read(Int8.self)
    case .uint8: read(UInt8.self)
    case .int16: read(Int16.self)
    case .uint16: read(UInt16.self)
    case .int32: read(Int32.self)
    case .uint32: read(UInt32.self)
    case .int64: read(Int64.self)
    case .uint64: read(UInt64.self)
    case .float32, .float64, .float16, .bfloat16: break
    }
  }

  /// Writes the low bits of `count` integers as elements of this type; reals are not written.
  func writeIntegers(
    _ integers: UnsafePointer<Int64>, _ count: Int, _ target: UnsafeMutableRawPointer
  ) {
    func write<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) {
      convert(integers, count, target.assumingMemoryBound(to: T.self)) { (x: Int64) in
        T(truncatingIfNeeded: x)
      }
    }
    switch self {
    case .bool:
      convert(integers, count, target.assumingMemoryBound(to: UInt8.self)) { (x: Int64) in
        x == 0 ? 0 : 1
      }
    case .int8: write(Int8.self)
    case .uint8: write(UInt8.self)
    case .int16: write(Int16.self)
    case .uint16: write(UInt16.self)
    case .int32: write(Int32.self)
    case .uint32: write(UInt32.self)
    case .int64: write(Int64.self)
    case .uint64: write(UInt64.self)
    case .float32, .float64, .float16, .bfloat16: break
    }
  }
}

@inline(__always)
private func convert<A: BitwiseCopyable, R: BitwiseCopyable>(
  _ source: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutablePointer<R>, _ function: (A) -> R
) {
  let from = source.assumingMemoryBound(to: A.self)
  for i in 0..<count { target[i] = function(from[i]) }
}

extension FixedWidthInteger {
  /// `value` without its fraction; the nearest integer where it is out of range, zero for NaN.
  init(saturatingReal value: Double) {
    if value.isNaN {
      self = 0
    } else if value >= Double(Self.max) {
      self = .max
    } else if value <= Double(Self.min) {
      self = .min
    } else {
      self = Self(value)
    }
  }
}

extension Float {
  /// The nearest bfloat16 bit pattern, ties to even.
  fileprivate var brainBits: UInt16 {
    let bits = bitPattern
    if isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }
}
