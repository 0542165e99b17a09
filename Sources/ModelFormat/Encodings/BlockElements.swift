/// What the encodings in 1x4 blocks share: walking over blocks that are not all zeros.
extension Tensor {
  /// Calls `body` with each block of a dense tensor that is not all zeros, in order.
  private func forEachNonzeroBlock(_ body: (BlockCursor) -> Void) {
    let blocks = WeightBlocks(shape)
    let size = type.size
    values.withUnsafeBytes { buffer in
      func walk<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) {
        var cursor = BlockCursor(blocks)
        for block in 0..<blocks.count {
          cursor.move(to: block)
          let first = cursor.firstElement
          var bits: T = 0
          for k in 0..<cursor.width {
            bits |= buffer.loadUnaligned(
              fromByteOffset: (first + k * blocks.taps) * size, as: T.self)
          }
          if bits != 0 { body(cursor) }
        }
      }
      switch size {
      case 1: walk(UInt8.self)
      case 2: walk(UInt16.self)
      case 4: walk(UInt32.self)
      default: walk(UInt64.self)
      }
    }
  }

  /// The bytes of the blocks of a dense tensor that are not all zeros, and the half bytes of their gaps.
  func nonzeroBlocks() -> (bytes: Int, nibbles: Int) {
    var elements = 0
    var nibbles = 0
    var previous = -1
    forEachNonzeroBlock {
      elements += $0.width
      nibbles += ($0.number - previous - 1) / 15 + 1
      previous = $0.number
    }
    return (elements * type.size, nibbles)
  }

  /// A dense tensor in blocks: `note` is called with the number of each that is stored, `positions`
  /// at the end.
  func inBlocks(
    _ encoding: Encoding, note: (Int) -> Void, positions: () -> [UInt8]
  ) -> Tensor {
    let size = type.size
    let stride = WeightBlocks(shape).taps * size
    let stored = values.withUnsafeBytes { source in
      [UInt8](unsafeUninitializedCapacity: nonzeroBlocks().bytes) { out, initialized in
        var next = 0
        forEachNonzeroBlock { cursor in
          note(cursor.number)
          let first = cursor.firstElement * size
          for k in 0..<cursor.width {
            for byte in 0..<size { out[next + byte] = source[first + k * stride + byte] }
            next += size
          }
        }
        initialized = next
      }
    }
    return Tensor(
      type: type, shape: shape, quantization: quantization, encoding: encoding,
      nonzeroCount: nonzeroCount, positions: Bytes(positions()), values: Bytes(stored))
  }

  /// Dense bytes with the stored blocks at their places; the streams were checked.
  func scatteredBlocks() -> [UInt8] {
    let blocks = WeightBlocks(shape)
    let count = shape.count * type.size
    return positions.withUnsafeBytes { stream in
      values.withUnsafeBytes { source in
        [UInt8](unsafeUninitializedCapacity: count) { out, initialized in
          out.initialize(repeating: 0)
          let target = UnsafeMutableRawBufferPointer(out)
          func scatter<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) {
            let size = MemoryLayout<T>.size
            var positions = BlockPositions(encoding, stream)
            var cursor = BlockCursor(blocks)
            var at = 0
            while at < source.count {
              // Positions were checked; but a file may change after that.
              guard let block = positions.block(), block < blocks.count else { break }
              cursor.move(to: block)
              guard cursor.width * size <= source.count - at else { break }
              var place = cursor.firstElement * size
              for _ in 0..<cursor.width {
                let element = source.loadUnaligned(fromByteOffset: at, as: T.self)
                target.storeBytes(of: element, toByteOffset: place, as: T.self)
                at += size
                place += blocks.taps * size
              }
            }
          }
          switch type.size {
          // Blocks of int8 weights of one tap are words, in the file as in the tensor.
          case 1 where blocks.taps == 1 && blocks.inputs % 4 == 0:
            var positions = BlockPositions(encoding, stream)
            for at in stride(from: 0, to: source.count, by: 4) {
              guard let block = positions.block(), block < blocks.count else { break }
              target.storeBytes(
                of: source.loadUnaligned(fromByteOffset: at, as: UInt32.self),
                toByteOffset: block &* 4, as: UInt32.self)
            }
          case 1: scatter(UInt8.self)
          case 2: scatter(UInt16.self)
          case 4: scatter(UInt32.self)
          default: scatter(UInt64.self)
          }
          initialized = count
        }
      }
    }
  }
}

/// What the positions of blocks say next.
enum BlockStep {
  /// A block, whose number is larger than the one before and below the count.
  case block(Int)
  case end
  case violation(EncodingRule)
}

/// Checks of streams that may hold anything.
extension Tensor {
  /// The rule that the stored elements of a tensor in blocks break by themselves, or nil.
  var storedBlocksViolation: EncodingRule? {
    if nonzeroCount > shape.count { return .nonzeroCount }
    if !Tensor.justifies(byteCount, expanded: shape.count * type.size) { return .expansion }
    if values.count % type.size != 0 || values.count > shape.count * type.size {
      return .streamSize
    }
    let nonzero = Tensor.countNonzero(values, elementSize: type.size)
    return nonzero == nonzeroCount ? nil : .nonzeroCount
  }

  /// The rule that positions and values together break, or nil.
  ///
  /// - Parameter next: the next step of the positions; called with true when the values are used up,
  ///   and only then is the end right.
  func walkViolation(_ next: (_ isLast: Bool) -> BlockStep) -> EncodingRule? {
    let size = type.size
    return values.withUnsafeBytes { values in
      var cursor = BlockCursor(WeightBlocks(shape))
      var at = 0
      while true {
        let block: Int
        switch next(at == values.count) {
        case .end: return nil
        case .violation(let rule): return rule
        case .block(let number): block = number
        }
        cursor.move(to: block)
        let end = at + cursor.width * size
        if end > values.count { return .streamSize }
        let isZero =
          end - at == 4
          ? values.loadUnaligned(fromByteOffset: at, as: UInt32.self) == 0
          : values[at..<end].allSatisfy { $0 == 0 }
        if isZero { return .zeroBlock }
        at = end
      }
    }
  }
}
