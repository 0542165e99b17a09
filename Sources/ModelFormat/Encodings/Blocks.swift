extension Encoding.Codec {
  /// One bit for each 1x4 block, least significant first: set where the block is stored.
  ///
  /// A quarter bit per weight instead of the bitmask's one: the smallest encoding of int8 weights that
  /// were pruned in blocks, where a quarter or more of them are left.
  static let block1x4 = Self(
    byteCount: { tensor in
      (WeightBlocks(tensor.shape).count + 7) / 8 + tensor.nonzeroBlocks().bytes
    },
    encode: { tensor in
      var mask = [UInt8](repeating: 0, count: (WeightBlocks(tensor.shape).count + 7) / 8)
      return tensor.inBlocks(.block1x4) {
        mask[$0 >> 3] |= 1 << UInt8($0 & 7)
      } positions: {
        mask
      }
    },
    expand: { $0.scatteredBlocks() },
    violation: { tensor in
      let count = WeightBlocks(tensor.shape).count
      if let violation = tensor.storedBlocksViolation { return violation }
      if tensor.positions.count != (count + 7) / 8 { return .streamSize }
      return tensor.positions.withUnsafeBytes { mask in
        if count & 7 != 0, mask[mask.count - 1] >> UInt8(count & 7) != 0 { return .bitsBehindEnd }
        let set = mask.reduce(0) { $0 + $1.nonzeroBitCount }
        var positions = BlockPositions(.block1x4, mask)
        var found = 0
        return tensor.walkViolation { isLast in
          if found == set { return isLast ? .end : .violation(.nonzeroCount) }
          found += 1
          guard !isLast, let block = positions.block(), block < count else {
            return .violation(.nonzeroCount)
          }
          return .block(block)
        }
      }
    })

  /// Four bits for each stored 1x4 block: how many blocks of zeros come before it, as in `nibbleGap`.
  static let block1x4Gap = Self(
    byteCount: { tensor in
      let blocks = tensor.nonzeroBlocks()
      return (blocks.nibbles + 1) / 2 + blocks.bytes
    },
    encode: { tensor in
      var gaps = NibbleWriter()
      return tensor.inBlocks(.block1x4Gap) {
        gaps.put(position: $0)
      } positions: {
        gaps.bytes
      }
    },
    expand: { $0.scatteredBlocks() },
    violation: { tensor in
      if let violation = tensor.storedBlocksViolation { return violation }
      let count = WeightBlocks(tensor.shape).count
      return tensor.positions.withUnsafeBytes { nibbles in
        var next = 0
        var position = -1
        return tensor.walkViolation { isLast in
          if isLast {
            if (next + 1) / 2 != nibbles.count { return .violation(.streamSize) }
            let hasRest = next & 1 == 1 && nibbles[next >> 1] >> 4 != 0
            return hasRest ? .violation(.bitsBehindEnd) : .end
          }
          while true {
            guard next >> 1 < nibbles.count else { return .violation(.nonzeroCount) }
            let nibble = Int(nibbles[next >> 1] >> UInt8((next & 1) * 4) & 15)
            next += 1
            position += nibble < 15 ? nibble + 1 : 15
            if position >= count { return .violation(.positionBehindEnd) }
            if nibble < 15 { return .block(position) }
          }
        }
      }
    })
}
