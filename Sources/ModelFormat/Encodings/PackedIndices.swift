/// Numbers of 1 to 8 bits each, one behind the other, the least significant bit of a byte first.
struct PackedIndices {
  /// Bits of each number.
  let bits: Int
  /// How many numbers there are.
  let count: Int

  /// The bits that tell `entries` entries apart; at least one.
  static func bits(entries: Int) -> Int {
    max(1, Int.bitWidth - (entries - 1).leadingZeroBitCount)
  }

  /// Bytes of all numbers; `count` is at most 2⁴⁰.
  var byteCount: Int { (count * bits + 7) / 8 }

  /// The bytes of the numbers that `next` returns, one call each, in order.
  func pack(_ next: () -> UInt8) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: byteCount) { out, initialized in
      var rest: UInt32 = 0
      var held = 0
      for _ in 0..<count {
        rest |= UInt32(next()) << UInt32(held)
        held += bits
        if held >= 8 {
          out[initialized] = UInt8(truncatingIfNeeded: rest)
          initialized += 1
          rest >>= 8
          held -= 8
        }
      }
      if held > 0 {
        out[initialized] = UInt8(truncatingIfNeeded: rest)
        initialized += 1
      }
    }
  }

  /// Calls `body` with every number of `bytes`, which are `byteCount` long, in order.
  @inline(__always) func forEach(_ bytes: UnsafeRawBufferPointer, _ body: (Int) -> Void) {
    let mask = UInt64(1) << UInt64(bits) &- 1
    // Eight numbers fill whole bytes, and a word of 64 bits at most.
    var at = 0
    for _ in 0..<count / 8 {
      var word: UInt64 = 0
      if at &+ 8 <= bytes.count {
        word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      } else {
        for byte in 0..<bits { word |= UInt64(bytes[at &+ byte]) << UInt64(byte &* 8) }
      }
      for _ in 0..<8 {
        body(Int(truncatingIfNeeded: word & mask))
        word >>= UInt64(bits)
      }
      at &+= bits
    }
    var word: UInt64 = 0
    for byte in at..<bytes.count { word |= UInt64(bytes[byte]) << UInt64((byte &- at) &* 8) }
    for _ in 0..<count % 8 {
      body(Int(truncatingIfNeeded: word & mask))
      word >>= UInt64(bits)
    }
  }

  /// How often each number is there, `1 << bits` counts.
  func histogram(_ bytes: UnsafeRawBufferPointer) -> [Int] {
    var counts = [Int](repeating: 0, count: 1 << bits)
    counts.withUnsafeMutableBufferPointer { counts in
      guard 8 % bits == 0 else { return forEach(bytes) { counts[$0] &+= 1 } }
      // Whole bytes are counted, four tables in turn so that no count waits for the one before.
      let perByte = 8 / bits
      var tables = [UInt](repeating: 0, count: 4 * 256)
      let whole = count / perByte
      tables.withUnsafeMutableBufferPointer { tables in
        for at in 0..<whole { tables[(at & 3) &* 256 &+ Int(bytes[at])] &+= 1 }
        let mask = 1 << bits &- 1
        for byte in 0..<256 {
          let times = (0..<4).reduce(0) { $0 &+ Int(tables[$1 &* 256 &+ byte]) }
          for place in 0..<perByte { counts[byte >> (place &* bits) & mask] &+= times }
        }
        for place in 0..<count % perByte {
          counts[Int(bytes[whole]) >> (place &* bits) & mask] &+= 1
        }
      }
    }
    return counts
  }

  /// Whether the bits behind the last number are zero.
  func isEndClear(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let used = count * bits & 7
    return used == 0 || bytes[bytes.count - 1] >> UInt8(used) == 0
  }
}
