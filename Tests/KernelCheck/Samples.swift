/// Memory aligned to 64 bytes with guards before and after its elements, which kernels must not write.
final class Samples<Element: BitwiseCopyable> {
  let base: UnsafeMutablePointer<Element>
  let count: Int
  private let memory: UnsafeMutableRawPointer

  /// Bytes on either side; kernels may read them.
  private static var guardBytes: Int { 128 }

  /// `count` elements that `next` makes, within guards of bytes 0xA5.
  init(_ count: Int, _ next: (Int) -> Element) {
    self.count = count
    let size = count * MemoryLayout<Element>.stride
    memory = .allocate(byteCount: size + 2 * Self.guardBytes, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: size + 2 * Self.guardBytes)
    base = (memory + Self.guardBytes).assumingMemoryBound(to: Element.self)
    for index in 0..<count { base[index] = next(index) }
  }

  deinit { memory.deallocate() }

  /// Whether elements and guards are the same, bit for bit.
  func isSame(_ other: Samples) -> Bool {
    let size = count * MemoryLayout<Element>.stride + 2 * Self.guardBytes
    let (left, right) = (
      memory.assumingMemoryBound(to: UInt8.self), other.memory.assumingMemoryBound(to: UInt8.self)
    )
    for index in 0..<size where left[index] != right[index] { return false }
    return true
  }
}

extension Samples<Float> {
  /// Whether elements lie within `bound` of each other.
  func isClose(_ other: Samples, within bound: Float) -> Bool {
    for index in 0..<count where !((base[index] - other.base[index]).magnitude <= bound) {
      return false
    }
    return true
  }
}

/// Repeatable random numbers (SplitMix64).
struct Numbers {
  var state: UInt64

  init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A float in -1 ..< 1.
  mutating func float() -> Float { Float(Int64(bitPattern: next()) >> 40) / 0x1p23 }

  mutating func floats(_ count: Int, times factor: Float = 1) -> Samples<Float> {
    Samples(count) { _ in float() * factor }
  }

  mutating func bytes(_ count: Int) -> Samples<UInt8> {
    Samples(count) { _ in UInt8(truncatingIfNeeded: next()) }
  }

  mutating func weights(_ count: Int) -> Samples<Int8> {
    Samples(count) { _ in Int8(Int(next() % 255) - 127) }
  }
}

/// Sizes around a tile of at most `n`, with those beside panels of 16.
func sizes(upTo n: Int) -> [Int] {
  [1, 2, 5, 15, 16, 17, 31, 33, n - 1, n].filter { $0 > 0 && $0 <= n }
}
