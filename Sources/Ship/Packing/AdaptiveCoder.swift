/// Bytes as one binary number, by the probabilities of an `AdaptiveModel`: near their entropy without a
/// table, also where a symbol takes less than a bit.
enum AdaptiveCoder {
  /// The code of `bytes`, or nil where it is longer than `limit` bytes.
  static func compress(_ bytes: [UInt8], limit: Int) -> [UInt8]? {
    var model = AdaptiveModel()
    var writer = RangeWriter()
    for byte in bytes {
      var node = 1
      for shift in stride(from: 7, through: 0, by: -1) {
        let bit = UInt32(byte >> UInt8(shift)) & 1
        writer.put(bit, zero: model.zero(node))
        model.learn(node, bit)
        node = node << 1 | Int(bit)
      }
      if writer.count > limit { return nil }
    }
    let code = writer.finish()
    return code.count <= limit ? code : nil
  }

  /// Fills `output` from `input`, of which every byte must be used and no other can be; false where
  /// they do not fit together.
  static func decompress(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Bool {
    var model = AdaptiveModel()
    var reader = RangeReader(input)
    for index in output.indices {
      var node = 1
      while node < 256 {
        let bit = reader.next(zero: model.zero(node))
        model.learn(node, bit)
        node = node << 1 | Int(bit)
      }
      output[index] = UInt8(truncatingIfNeeded: node)
    }
    return reader.isAtEnd
  }
}

/// Writes the number of a range coder (Martin, 1979), with carries as LZMA has them.
private struct RangeWriter {
  private var low: UInt64 = 0
  private var range: UInt32 = .max
  private var cache: UInt8 = 0
  /// Bytes whose value a carry may still change: `cache`, then as many less one of 255.
  private var waiting = 1
  private var out: [UInt8] = []

  /// Bytes so far, about.
  var count: Int { out.count + waiting }

  mutating func put(_ bit: UInt32, zero: UInt32) {
    let bound = range >> 16 &* zero
    if bit == 0 {
      range = bound
    } else {
      low += UInt64(bound)
      range -= bound
    }
    while range < 1 << 24 {
      range <<= 8
      shift()
    }
  }

  private mutating func shift() {
    if low < 0xFF00_0000 || low > 0xFFFF_FFFF {
      let carry = UInt8(truncatingIfNeeded: low >> 32)
      out.append(cache &+ carry)
      for _ in 1..<max(1, waiting) { out.append(0xFF &+ carry) }
      waiting = 0
      cache = UInt8(truncatingIfNeeded: low >> 24)
    }
    waiting += 1
    low = (low & 0x00FF_FFFF) << 8
  }

  /// The whole number; zeros at its end, and the zero that it begins with, are left out: a reader puts
  /// them there.
  mutating func finish() -> [UInt8] {
    for _ in 0..<5 { shift() }
    var code = Array(out.dropFirst())
    while code.last == 0 { code.removeLast() }
    return code
  }
}

/// Reads the number of a range coder; behind its end there are zeros.
private struct RangeReader {
  private let input: UnsafeRawBufferPointer
  private var place = 0
  private var code: UInt32 = 0
  private var range: UInt32 = .max

  init(_ input: UnsafeRawBufferPointer) {
    self.input = input
    for _ in 0..<4 { advance() }
  }

  /// Whether no byte is left, and the last is one that a writer would not have left out.
  var isAtEnd: Bool { place >= input.count && input.last != 0 }

  mutating func next(zero: UInt32) -> UInt32 {
    let bound = range >> 16 &* zero
    let bit: UInt32
    if code < bound {
      range = bound
      bit = 0
    } else {
      code &-= bound
      range &-= bound
      bit = 1
    }
    while range < 1 << 24 {
      range <<= 8
      advance()
    }
    return bit
  }

  private mutating func advance() {
    code = code << 8 | UInt32(place < input.count ? input[place] : 0)
    place += 1
  }
}
