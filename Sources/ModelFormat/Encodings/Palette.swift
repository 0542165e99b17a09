extension Encoding.Codec {
  /// The different elements once, rising, and for each place the number of its element in few bits.
  ///
  /// b bits per weight for up to 2ᵇ different elements; the smallest encoding of int8 weights of 2 to 7
  /// bits that were not pruned much. Loses nothing, whatever the elements stand for.
  static let palette = Self(
    byteCount: { tensor in
      guard let entries = tensor.distinctElements(atMost: 256), entries.count >= 2 else {
        return nil
      }
      let indices = PackedIndices(
        bits: PackedIndices.bits(entries: entries.count), count: tensor.shape.count)
      return entries.count * tensor.type.size + indices.byteCount
    },
    encode: { tensor in
      guard let entries = tensor.distinctElements(atMost: 256) else { return tensor }
      let size = tensor.type.size
      let indices = PackedIndices(
        bits: PackedIndices.bits(entries: entries.count), count: tensor.shape.count)
      var numbers: [UInt64: UInt8] = [:]
      var palette: [UInt8] = []
      for (number, entry) in entries.enumerated() {
        numbers[entry] = UInt8(number)
        for byte in 0..<size {
          palette.append(UInt8(truncatingIfNeeded: entry >> UInt64(byte * 8)))
        }
      }
      let values = tensor.values.withUnsafeBytes { source in
        var at = 0
        var last: (entry: UInt64, number: UInt8) = (entries[0], 0)
        return indices.pack {
          let entry = source.element(at, size)
          at += size
          if entry != last.entry { last = (entry, numbers[entry] ?? 0) }
          return last.number
        }
      }
      return Tensor(
        type: tensor.type, shape: tensor.shape, quantization: tensor.quantization,
        encoding: .palette, nonzeroCount: tensor.nonzeroCount, positions: Bytes(palette),
        values: Bytes(values))
    },
    expand: { $0.expandedPalette() },
    violation: { tensor in
      let size = tensor.type.size
      let count = tensor.positions.count / size
      if !Tensor.justifies(tensor.byteCount, expanded: tensor.shape.count * size) {
        return .expansion
      }
      guard count * size == tensor.positions.count, (2...256).contains(count) else {
        return .streamSize
      }
      let indices = PackedIndices(
        bits: PackedIndices.bits(entries: count), count: tensor.shape.count)
      guard tensor.values.count == indices.byteCount, tensor.values.count > 0 else {
        return .streamSize
      }
      let entries = tensor.positions.withUnsafeBytes { stream in
        (0..<count).map { stream.element($0 * size, size) }
      }
      for number in 1..<count where entries[number - 1] >= entries[number] { return .palette }
      return tensor.values.withUnsafeBytes { stream in
        guard indices.isEndClear(stream) else { return .bitsBehindEnd }
        let counts = indices.histogram(stream)
        if counts[count...].contains(where: { $0 > 0 }) { return .positionBehindEnd }
        if counts[..<count].contains(0) { return .palette }
        let zeros = entries[0] == 0 ? counts[0] : 0
        return tensor.shape.count - zeros == tensor.nonzeroCount ? nil : .nonzeroCount
      }
    })
}

extension UnsafeRawBufferPointer {
  /// The bits of the element of `size` bytes that begins at `offset`.
  @inline(__always) fileprivate func element(_ offset: Int, _ size: Int) -> UInt64 {
    switch size {
    case 1: UInt64(self[offset])
    case 2: UInt64(loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    case 4: UInt64(loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    default: loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
  }
}

extension Tensor {
  /// The bits of the different elements of a dense tensor, rising, or nil where there are more than
  /// `limit`.
  fileprivate func distinctElements(atMost limit: Int) -> [UInt64]? {
    let size = type.size
    return values.withUnsafeBytes { source -> [UInt64]? in
      if size == 1 {
        var isThere = [Bool](repeating: false, count: 256)
        for byte in source { isThere[Int(byte)] = true }
        return (0..<256).filter { isThere[$0] }.map { UInt64($0) }
      }
      var found: Set<UInt64> = []
      var last: UInt64?
      for index in 0..<(source.count / size) {
        let element = source.element(index * size, size)
        if element == last { continue }
        last = element
        if found.insert(element).inserted, found.count > limit { return nil }
      }
      return found.sorted()
    }
  }

  /// Dense bytes of a tensor with a palette; the streams were checked.
  fileprivate func expandedPalette() -> [UInt8] {
    let size = type.size
    let entries = positions.count / size
    let indices = PackedIndices(bits: PackedIndices.bits(entries: entries), count: shape.count)
    return positions.withUnsafeBytes { palette in
      values.withUnsafeBytes { stream in
        [UInt8](unsafeUninitializedCapacity: shape.count * size) { out, initialized in
          let out = UnsafeMutableRawBufferPointer(out)
          func expand<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) {
            let size = MemoryLayout<T>.size
            // As many as the bits can tell, so that every number has one.
            var table = [T](repeating: 0, count: 1 << indices.bits)
            for entry in 0..<entries {
              table[entry] = palette.loadUnaligned(fromByteOffset: entry * size, as: T.self)
            }
            table.withUnsafeBufferPointer { table in
              var at = 0
              indices.forEach(stream) {
                out.storeBytes(of: table[$0], toByteOffset: at, as: T.self)
                at &+= size
              }
            }
          }
          switch size {
          case 1 where indices.bits == 4: Self.expandPairs(palette, stream, out)
          case 1: expand(UInt8.self)
          case 2: expand(UInt16.self)
          case 4: expand(UInt32.self)
          default: expand(UInt64.self)
          }
          initialized = shape.count * size
        }
      }
    }
  }

  /// Elements of one byte by numbers of four bits: a table has both elements of each byte.
  private static func expandPairs(
    _ palette: UnsafeRawBufferPointer, _ stream: UnsafeRawBufferPointer,
    _ out: UnsafeMutableRawBufferPointer
  ) {
    func entry(_ number: Int) -> UInt16 {
      number < palette.count ? UInt16(palette[number]) : 0
    }
    let pairs = (0..<256).map { entry($0 & 15) | entry($0 >> 4) << 8 }
    pairs.withUnsafeBufferPointer { pairs in
      let whole = out.count / 2
      for at in 0..<whole {
        out.storeBytes(
          of: pairs[Int(stream[at])], toByteOffset: at &* 2, as: UInt16.self)
      }
      if out.count & 1 == 1 {
        out[out.count - 1] = UInt8(truncatingIfNeeded: pairs[Int(stream[whole])])
      }
    }
  }
}
