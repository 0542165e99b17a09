/// The 1x4 blocks of a tensor: four elements that follow one another along its second dimension.
///
/// Of weights [outputs, inputs, kernel…] these are four input channels of one output channel at one
/// position of the kernel (one tap). Blocks are counted in the order in which kernels walk them: by
/// output, then tap, then along the inputs. Where the inputs are no multiple of four, the last block of
/// a row has the one, two or three that are left.
struct WeightBlocks: Sendable {
  /// The first dimension; one for a tensor of rank 0 or 1, whose elements all count as inputs.
  let outputs: Int
  /// The second dimension.
  let inputs: Int
  /// All other dimensions together: positions of the kernel.
  let taps: Int
  /// Blocks of one output and tap.
  let quads: Int

  /// The blocks of a tensor with `shape`.
  init(_ shape: Shape) {
    let dimensions = shape.dimensions
    guard dimensions.count > 1 else {
      outputs = 1
      inputs = shape.count
      taps = 1
      quads = (shape.count + 3) / 4
      return
    }
    outputs = dimensions[0]
    inputs = dimensions[1]
    taps = dimensions[2...].reduce(1, &*)
    quads = (dimensions[1] + 3) / 4
  }

  /// All blocks; no more than the elements of the shape.
  var count: Int { outputs &* taps &* quads }

  /// Elements of block `quad` of a row.
  func width(_ quad: Int) -> Int { min(4, inputs &- quad &* 4) }
}

/// A place that moves through the blocks of a tensor, forwards only and without a division.
struct BlockCursor {
  let blocks: WeightBlocks
  var output = 0
  var tap = 0
  var quad = 0
  /// The number of the first block of this output and tap.
  var rowStart = 0

  init(_ blocks: WeightBlocks) { self.blocks = blocks }

  /// Moves to block `number`, which lies at or behind this one and below the count.
  mutating func move(to number: Int) {
    quad = number &- rowStart
    while quad >= blocks.quads {
      quad &-= blocks.quads
      rowStart &+= blocks.quads
      tap &+= 1
      if tap == blocks.taps {
        tap = 0
        output &+= 1
      }
    }
  }

  /// The block's number.
  var number: Int { rowStart &+ quad }

  /// The index of the block's first element; the next ones follow `taps` apart.
  var firstElement: Int {
    (output &* blocks.inputs &+ quad &* 4) &* blocks.taps &+ tap
  }

  /// How many elements the block has.
  var width: Int { blocks.width(quad) }
}

/// The numbers of stored blocks, read from the positions of a tensor.
struct BlockPositions {
  let stream: UnsafeRawBufferPointer
  let isGaps: Bool
  var next = 0
  /// Of gaps, the last block; of a mask, the bits that are left of a byte.
  var last = -1
  var rest: UInt8 = 0

  init(_ encoding: Encoding, _ stream: UnsafeRawBufferPointer) {
    self.stream = stream
    isGaps = encoding == .block1x4Gap
  }

  /// The number of the next stored block, or nil where the positions end.
  mutating func block() -> Int? {
    if isGaps {
      while next >> 1 < stream.count {
        let nibble = Int(stream[next >> 1] >> UInt8((next & 1) * 4) & 15)
        next &+= 1
        if nibble < 15 {
          last &+= nibble &+ 1
          return last
        }
        last &+= 15
      }
      return nil
    }
    while rest == 0 {
      guard next < stream.count else { return nil }
      rest = stream[next]
      next &+= 1
    }
    let bit = rest.trailingZeroBitCount
    rest &= rest &- 1
    return (next &- 1) &* 8 &+ bit
  }
}
