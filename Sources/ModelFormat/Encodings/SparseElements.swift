/// What the sparse encodings share: walking over the elements that are not zero.
extension Tensor {
  /// Calls `body` with the index of each element that is not zero, in rising order.
  func forEachNonzero(_ body: (Int) -> Void) {
    let size = type.size
    values.withUnsafeBytes { buffer in
      func walk<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) {
        for index in 0..<(buffer.count / size)
        where buffer.loadUnaligned(fromByteOffset: index * size, as: T.self) != 0 { body(index) }
      }
      switch size {
      case 1: walk(UInt8.self)
      case 2: walk(UInt16.self)
      case 4: walk(UInt32.self)
      default: walk(UInt64.self)
      }
    }
  }

  /// The elements of a dense tensor that are not zero, in order.
  func nonzeroElements() -> Bytes {
    let size = type.size
    let count = nonzeroCount
    return values.withUnsafeBytes { source in
      Bytes(
        [UInt8](unsafeUninitializedCapacity: count * size) { out, initialized in
          var next = 0
          forEachNonzero { index in
            for byte in 0..<size { out[next * size + byte] = source[index * size + byte] }
            next += 1
          }
          initialized = next * size
        })
    }
  }

  /// Dense bytes with the stored elements at the positions that `next` returns, one call each, nil where
  /// there is none.
  ///
  /// Positions were checked; but a file may change after that, and then nothing may be written elsewhere.
  func scattered(_ next: () -> Int?) -> [UInt8] {
    let size = type.size
    return values.withUnsafeBytes { source in
      [UInt8](unsafeUninitializedCapacity: shape.count * size) { out, initialized in
        out.initialize(repeating: 0)
        for stored in 0..<nonzeroCount {
          guard let position = next(), position < shape.count else { break }
          for byte in 0..<size { out[position * size + byte] = source[stored * size + byte] }
        }
        initialized = shape.count * size
      }
    }
  }

  /// The rule that the stored elements of a sparse tensor break, or nil.
  var storedElementsViolation: EncodingRule? {
    if nonzeroCount > shape.count { return .nonzeroCount }
    if !Tensor.justifies(byteCount, expanded: shape.count * type.size) { return .expansion }
    if values.count != nonzeroCount * type.size { return .streamSize }
    return Tensor.countNonzero(values, elementSize: type.size) == nonzeroCount ? nil : .storedZero
  }

  /// A copy of this tensor's description with sparse streams.
  func sparse(_ encoding: Encoding, positions: [UInt8]) -> Tensor {
    Tensor(
      type: type, shape: shape, quantization: quantization, encoding: encoding,
      nonzeroCount: nonzeroCount, positions: Bytes(positions), values: nonzeroElements())
  }
}
