extension Encoding.Codec {
  /// Four bits for each stored element: how many zeros come before it.
  ///
  /// 0 to 14 is a gap; 15 skips fifteen zeros and stores nothing. The low half of a byte comes first,
  /// an odd last half is zero. The smallest encoding below about 24 % density of int8.
  static let nibbleGap = Self(
    byteCount: { (nibbleCount($0) + 1) / 2 + $0.nonzeroCount * $0.type.size },
    encode: { tensor in
      var gaps = NibbleWriter()
      gaps.bytes.reserveCapacity((nibbleCount(tensor) + 1) / 2)
      tensor.forEachNonzero { gaps.put(position: $0) }
      return tensor.sparse(.nibbleGap, positions: gaps.bytes)
    },
    expand: { tensor in
      tensor.positions.withUnsafeBytes { nibbles in
        var next = 0
        var position = -1
        return tensor.scattered {
          while next >> 1 < nibbles.count {
            let nibble = Int(nibbles[next >> 1] >> UInt8((next & 1) * 4) & 15)
            next += 1
            if nibble < 15 {
              position += nibble + 1
              return position
            }
            position += 15
          }
          return nil
        }
      }
    },
    violation: { tensor in
      tensor.storedElementsViolation
        ?? tensor.positions.withUnsafeBytes { gapViolation($0, tensor) }
    })

  /// How many half bytes the gaps of a dense tensor take.
  private static func nibbleCount(_ tensor: Tensor) -> Int {
    var nibbles = 0
    var previous = -1
    tensor.forEachNonzero { index in
      nibbles += (index - previous - 1) / 15 + 1
      previous = index
    }
    return nibbles
  }

  private static func gapViolation(
    _ nibbles: UnsafeRawBufferPointer, _ tensor: Tensor
  ) -> EncodingRule? {
    var found = 0
    var position = -1
    var next = 0
    while found < tensor.nonzeroCount {
      guard next >> 1 < nibbles.count else { return .nonzeroCount }
      let nibble = Int(nibbles[next >> 1] >> UInt8((next & 1) * 4) & 15)
      next += 1
      position += nibble < 15 ? nibble + 1 : 15
      if position >= tensor.shape.count { return .positionBehindEnd }
      if nibble < 15 { found += 1 }
    }
    if (next + 1) / 2 != nibbles.count { return .streamSize }
    if next & 1 == 1, nibbles[next >> 1] >> 4 != 0 { return .bitsBehindEnd }
    return nil
  }
}

/// Writes rising positions as gaps of four bits.
struct NibbleWriter {
  var bytes: [UInt8] = []
  private var isOdd = false
  private var previous = -1

  /// Adds a position, which is larger than the one before.
  mutating func put(position: Int) {
    var gap = position - previous - 1
    while gap >= 15 {
      put(15)
      gap -= 15
    }
    put(UInt8(gap))
    previous = position
  }

  private mutating func put(_ nibble: UInt8) {
    if isOdd { bytes[bytes.count - 1] |= nibble << 4 } else { bytes.append(nibble) }
    isOdd.toggle()
  }
}
