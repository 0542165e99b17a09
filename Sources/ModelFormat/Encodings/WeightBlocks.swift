/// The 1x4 blocks of a tensor: four elements that follow one another along its second dimension.
///
/// Of weights [outputs, inputs, kernel…] these are four input channels of one output channel at one
/// position of the kernel (one tap). Blocks are counted in the order in which kernels walk them: by
/// output, then tap, then along the inputs. Where the inputs are no multiple of four, the last block of
/// a row has the one, two or three that are left.
@frozen public struct WeightBlocks: Sendable {
  /// The first dimension; one for a tensor of rank 0 or 1, whose elements all count as inputs.
  public let outputs: Int
  /// The second dimension.
  public let inputs: Int
  /// All other dimensions together: positions of the kernel.
  public let taps: Int
  /// Blocks of one output and tap.
  public let quads: Int

  /// The blocks of a tensor with `shape`.
  @inlinable public init(_ shape: Shape) {
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
  @inlinable public var count: Int { outputs &* taps &* quads }

  /// Elements of block `quad` of a row.
  @inlinable func width(_ quad: Int) -> Int { min(4, inputs &- quad &* 4) }
}

/// A place that moves through the blocks of a tensor, forwards only and without a division.
@usableFromInline struct BlockCursor {
  @usableFromInline let blocks: WeightBlocks
  @usableFromInline var output = 0
  @usableFromInline var tap = 0
  @usableFromInline var quad = 0
  /// The number of the first block of this output and tap.
  @usableFromInline var rowStart = 0

  @inlinable init(_ blocks: WeightBlocks) { self.blocks = blocks }

  /// Moves to block `number`, which lies at or behind this one and below the count.
  @inlinable mutating func move(to number: Int) {
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
  @inlinable var number: Int { rowStart &+ quad }

  /// The index of the block's first element; the next ones follow `taps` apart.
  @inlinable var firstElement: Int {
    (output &* blocks.inputs &+ quad &* 4) &* blocks.taps &+ tap
  }

  /// How many elements the block has.
  @inlinable var width: Int { blocks.width(quad) }
}

/// The numbers of stored blocks, read from the positions of a tensor whose streams were checked.
@usableFromInline struct BlockPositions {
  @usableFromInline let stream: UnsafeRawBufferPointer
  @usableFromInline let isGaps: Bool
  @usableFromInline var next = 0
  /// Of gaps, the last block; of a mask, the bits that are left of a byte.
  @usableFromInline var last = -1
  @usableFromInline var rest: UInt8 = 0

  @inlinable init(_ encoding: Encoding, _ stream: UnsafeRawBufferPointer) {
    self.stream = stream
    isGaps = encoding == .block1x4Gap
  }

  /// The number of the next stored block, which there must be.
  @inlinable mutating func block() -> Int {
    if isGaps {
      while true {
        let nibble = Int(stream[next >> 1] >> UInt8((next & 1) * 4) & 15)
        next &+= 1
        if nibble < 15 {
          last &+= nibble &+ 1
          return last
        }
        last &+= 15
      }
    }
    while rest == 0 {
      rest = stream[next]
      next &+= 1
    }
    let bit = rest.trailingZeroBitCount
    rest &= rest &- 1
    return (next &- 1) &* 8 &+ bit
  }
}

extension Tensor {
  /// Calls `body` with each 1x4 block that is not all zeros, in the order of `WeightBlocks`: its output
  /// channel, its position in the kernel, its number along the input channels, and its four bytes.
  ///
  /// The elements are of one byte; that of the lowest channel is the lowest byte, and what a last block
  /// lacks is zero. Tensors in blocks are read as they lie, others are expanded first.
  @inlinable public func forEachBlock(
    _ body: (_ output: Int, _ tap: Int, _ quad: Int, _ word: UInt32) -> Void
  ) {
    precondition(type.size == 1, "blocks have elements of one byte")
    let blocks = WeightBlocks(shape)
    guard encoding == .block1x4 || encoding == .block1x4Gap else {
      return dense.withUnsafeBytes { forEachBlock(of: $0, blocks, body) }
    }
    let encoding = encoding
    positions.withUnsafeBytes { stream in
      values.withUnsafeBytes { values in
        var positions = BlockPositions(encoding, stream)
        var cursor = BlockCursor(blocks)
        var at = 0
        while at < values.count {
          cursor.move(to: positions.block())
          let width = cursor.width
          var word: UInt32 = 0
          if width == 4 {
            word = UInt32(littleEndian: values.loadUnaligned(fromByteOffset: at, as: UInt32.self))
          } else {
            for k in 0..<width { word |= UInt32(values[at &+ k]) << UInt32(8 * k) }
          }
          at &+= width
          body(cursor.output, cursor.tap, cursor.quad, word)
        }
      }
    }
  }

  /// The same for the bytes of a dense tensor.
  @inlinable func forEachBlock(
    of elements: UnsafeRawBufferPointer, _ blocks: WeightBlocks,
    _ body: (_ output: Int, _ tap: Int, _ quad: Int, _ word: UInt32) -> Void
  ) {
    for output in 0..<blocks.outputs {
      for tap in 0..<blocks.taps {
        var first = output &* blocks.inputs &* blocks.taps &+ tap
        for quad in 0..<blocks.quads {
          let width = blocks.width(quad)
          var word: UInt32 = 0
          if blocks.taps == 1, width == 4 {
            word = UInt32(
              littleEndian: elements.loadUnaligned(fromByteOffset: first, as: UInt32.self))
          } else {
            for k in 0..<width {
              word |= UInt32(elements[first &+ k &* blocks.taps]) << UInt32(8 * k)
            }
          }
          if word != 0 { body(output, tap, quad, word) }
          first &+= 4 &* blocks.taps
        }
      }
    }
  }
}
