extension Encoding.Codec {
  /// One bit for each element, least significant first: set where the element is stored.
  ///
  /// 1 + d·v bits per weight at density d and v-bit elements; the smallest between about 24 % and
  /// 87 % density of int8.
  static let bitmask = Self(
    byteCount: { ($0.shape.count + 7) / 8 + $0.nonzeroCount * $0.type.size },
    encode: { tensor in
      var mask = [UInt8](repeating: 0, count: (tensor.shape.count + 7) / 8)
      tensor.forEachNonzero { mask[$0 >> 3] |= 1 << UInt8($0 & 7) }
      return tensor.sparse(.bitmask, positions: mask)
    },
    expand: { tensor in
      tensor.positions.withUnsafeBytes { mask in
        var byte = -1
        var rest: UInt8 = 0
        return tensor.scattered {
          while rest == 0 {
            byte += 1
            guard byte < mask.count else { return nil }
            rest = mask[byte]
          }
          let bit = rest.trailingZeroBitCount
          rest &= rest - 1
          return byte * 8 + bit
        }
      }
    },
    violation: { tensor in
      if let violation = tensor.storedElementsViolation { return violation }
      let count = tensor.shape.count
      if tensor.positions.count != (count + 7) / 8 { return .streamSize }
      return tensor.positions.withUnsafeBytes { mask in
        if count & 7 != 0, mask[mask.count - 1] >> UInt8(count & 7) != 0 { return .bitsBehindEnd }
        let set = mask.reduce(0) { $0 + $1.nonzeroBitCount }
        return set == tensor.nonzeroCount ? nil : .nonzeroCount
      }
    })
}
