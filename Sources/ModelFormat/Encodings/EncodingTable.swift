extension Encoding {
  /// What an encoding can do; a value of functions, so that devices need no dynamic dispatch.
  struct Codec: Sendable {
    /// The exact bytes that the encoding takes for a dense tensor, or nil where it cannot hold it.
    let byteCount: @Sendable (Tensor) -> Int?
    /// Encodes a dense tensor for which `byteCount` is not nil.
    let encode: @Sendable (Tensor) -> Tensor
    /// The dense bytes of a tensor whose streams were checked.
    let expand: @Sendable (Tensor) -> [UInt8]
    /// The first rule that the streams break, or nil.
    ///
    /// Reads nothing beyond their ends.
    let violation: @Sendable (Tensor) -> EncodingRule?
  }

  /// The implementation, one line an encoding.
  var codec: Codec {
    switch self {
    case .dense: .dense
    case .bitmask: .bitmask
    case .nibbleGap: .nibbleGap
    case .csr16: .csr16
    case .block1x4: .block1x4
    case .block1x4Gap: .block1x4Gap
    case .panels: .panels
    case .palette: .palette
    }
  }
}

/// The rules that the streams of a tensor obey; docs/Format.md has them as a table.
public enum EncodingRule: String, Sendable, Hashable {
  case streamSize = "a stream is shorter or longer than the shape and the nonzero count ask for"
  case nonzeroCount = "the positions do not name as many elements as the nonzero count says"
  case storedZero = "a stored element is zero"
  case zeroBlock = "a stored block is all zeros"
  case bitsBehindEnd = "bits behind the last element are set"
  case positionBehindEnd = "a position lies behind the last element"
  case rowPointers = "row pointers do not rise from zero to the nonzero count"
  case columns = "columns do not rise within a row"
  case padding = "padding between the elements is not zero"
  case palette = "the entries of the palette do not rise, or one is not used"
  case expansion = "the tensor is much larger than what is stored justifies"
}

extension Tensor {
  /// This tensor in the encoding that takes the fewest bytes, ties going to the simpler one.
  ///
  /// - Parameter encoding: the one to use where it can hold the tensor; nil chooses by exact bytes.
  public func encoded(as encoding: Encoding? = nil) -> Tensor {
    let plain = densified()
    if let encoding {
      return plain.legalByteCount(encoding) == nil ? plain : encoding.codec.encode(plain)
    }
    var best = (encoding: Encoding.dense, bytes: plain.values.count)
    for candidate in Encoding.choices where candidate != .dense {
      if let bytes = plain.legalByteCount(candidate), bytes < best.bytes {
        best = (candidate, bytes)
      }
    }
    return best.encoding == .dense ? plain : best.encoding.codec.encode(plain)
  }

  /// This tensor without sparse encoding.
  public func densified() -> Tensor {
    guard encoding != .dense else { return self }
    return Tensor(
      type: type, shape: shape, quantization: quantization, encoding: .dense,
      nonzeroCount: nonzeroCount, positions: Bytes([]), values: dense)
  }

  /// The bytes that `encoding` would take, or nil where it cannot hold the tensor.
  public func byteCount(as encoding: Encoding) -> Int? { densified().legalByteCount(encoding) }

  /// The bytes that `encoding` takes for this dense tensor, or nil where a reader would refuse it.
  private func legalByteCount(_ encoding: Encoding) -> Int? {
    // A zero that is not stored must stand for a real zero.
    if encoding != .dense, quantization?.isSymmetric == false { return nil }
    guard let bytes = encoding.codec.byteCount(self) else { return nil }
    return encoding == .dense || Self.justifies(bytes, expanded: values.count) ? bytes : nil
  }

  /// Whether a sparse tensor of `stored` bytes may take `expanded` bytes.
  static func justifies(_ stored: Int, expanded: Int) -> Bool {
    expanded <= Limits.freeExpansion || expanded / Limits.expansion <= stored
  }
}
