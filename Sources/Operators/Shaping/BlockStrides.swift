import ModelFormat

extension NodeFacts {
  /// The attribute `blocksize`, for an input of rank 4.
  func blockSize() throws(OperatorError) -> Int {
    let rank = try input(0).shape.rank
    guard rank == 4 else { throw .rank(operand: "input", found: rank, expected: "4") }
    let block = try int("blocksize", default: 0)
    guard block >= 1, block <= 1 << 15 else {
      throw .attribute(name: "blocksize", problem: "is \(block), but must be 1 to 32768")
    }
    return block
  }

  /// The attribute `mode`: whether the place in the block counts fastest, not the channel.
  func isChannelFirst() throws(OperatorError) -> Bool {
    switch try string("mode", default: "DCR") {
    case "DCR": return false
    case "CRD": return true
    case let mode: throw .attribute(name: "mode", problem: "is '\(mode)', but must be DCR or CRD")
    }
  }
}

/// A copy between `deep` (many channels) and `wide` (many pixels) through six dimensions:
/// image, channel, row, row in the block, column, column in the block.
func blockStrides(
  deep: ValueFacts, wide: ValueFacts, block: Int, channelsFirst: Bool
) -> (extents: [Int], deep: [Int], wide: [Int]) {
  let channels = wide.shape[1]
  let (d, w) = (deep.strides, wide.strides)
  let channel = channelsFirst ? d[1] &* block &* block : d[1]
  let inBlock = channelsFirst ? d[1] : d[1] &* channels
  return (
    [deep.shape[0], channels, deep.shape[2], block, deep.shape[3], block],
    [d[0], channel, d[2], inBlock &* block, d[3], inBlock],
    [w[0], w[1], w[2] &* block, w[2], w[3] &* block, w[3]]
  )
}
