extension Encoding.Codec {
  /// Compressed sparse rows: 32-bit row pointers, then 16-bit columns.
  ///
  /// A row is an index of the first dimension. Never the smallest encoding for int8 below 95 % zeros,
  /// but the one that other software reads.
  static let csr16 = Self(
    byteCount: { tensor in
      let (rows, columns) = matrix(tensor)
      guard columns <= 1 << 16, tensor.nonzeroCount <= Int(UInt32.max) else { return nil }
      return (rows + 1) * 4 + tensor.nonzeroCount * (2 + tensor.type.size)
    },
    encode: { tensor in
      let (rows, columns) = matrix(tensor)
      var pointers = [UInt32](repeating: 0, count: rows + 1)
      var indices: [UInt16] = []
      indices.reserveCapacity(tensor.nonzeroCount)
      tensor.forEachNonzero { index in
        pointers[index / columns + 1] += 1
        indices.append(UInt16(index % columns))
      }
      for row in 0..<rows { pointers[row + 1] += pointers[row] }
      return tensor.sparse(
        .csr16, positions: Bytes(elements: pointers).array + Bytes(elements: indices).array)
    },
    expand: { tensor in
      let (rows, columns) = matrix(tensor)
      return tensor.positions.withUnsafeBytes { stream in
        func pointer(_ row: Int) -> Int {
          Int(stream.loadUnaligned(fromByteOffset: row * 4, as: UInt32.self))
        }
        var row = 0
        var stored = 0
        return tensor.scattered {
          while row < rows, pointer(row + 1) <= stored { row += 1 }
          guard row < rows else { return nil }
          let column = stream.loadUnaligned(
            fromByteOffset: (rows + 1) * 4 + stored * 2, as: UInt16.self)
          stored += 1
          return row * columns + Int(column)
        }
      }
    },
    violation: { tensor in
      if let violation = tensor.storedElementsViolation { return violation }
      let (rows, columns) = matrix(tensor)
      guard columns <= 1 << 16,
        tensor.positions.count == (rows + 1) * 4 + tensor.nonzeroCount * 2
      else { return .streamSize }
      return tensor.positions.withUnsafeBytes {
        rowViolation($0, rows, columns, tensor.nonzeroCount)
      }
    })

  /// The tensor as a matrix: the first dimension, and all others together.
  private static func matrix(_ tensor: Tensor) -> (rows: Int, columns: Int) {
    guard tensor.shape.rank > 1 else { return (1, tensor.shape.count) }
    return (tensor.shape[0], tensor.shape.dimensions[1...].reduce(1, *))
  }

  private static func rowViolation(
    _ stream: UnsafeRawBufferPointer, _ rows: Int, _ columns: Int, _ nonzero: Int
  ) -> EncodingRule? {
    func pointer(_ row: Int) -> Int {
      Int(stream.loadUnaligned(fromByteOffset: row * 4, as: UInt32.self))
    }
    guard pointer(0) == 0, pointer(rows) == nonzero else { return .rowPointers }
    for row in 0..<rows {
      let range = (pointer(row), pointer(row + 1))
      guard range.0 <= range.1, range.1 <= nonzero else { return .rowPointers }
      var previous = -1
      for stored in range.0..<range.1 {
        let column = Int(
          stream.loadUnaligned(fromByteOffset: (rows + 1) * 4 + stored * 2, as: UInt16.self))
        guard column > previous else { return .columns }
        guard column < columns else { return .positionBehindEnd }
        previous = column
      }
    }
    return nil
  }
}
