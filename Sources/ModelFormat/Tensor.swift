/// The data of one constant, as it lies in the file: possibly quantized, possibly sparse.
public struct Tensor: Sendable {
  /// The type of the stored elements.
  public let type: ElementType
  /// The extents.
  public let shape: Shape
  /// How stored integers map to real numbers; nil where they stand for themselves.
  public let quantization: Quantization?
  /// How the elements are laid out.
  public let encoding: Encoding
  /// Elements that are not zero.
  public let nonzeroCount: Int
  /// Where the elements lie; empty in a dense tensor.
  public let positions: Bytes
  /// The elements that are stored: in row-major order, or block by block where the encoding says so.
  public let values: Bytes
  /// The order of the elements where the encoding is `panels`; nil elsewhere.
  public let panelOrder: PanelOrder?

  /// A tensor from its streams, which must obey the rules of `encoding`.
  package init(
    type: ElementType, shape: Shape, quantization: Quantization?, encoding: Encoding,
    nonzeroCount: Int, positions: Bytes, values: Bytes, panelOrder: PanelOrder? = nil
  ) {
    self.type = type
    self.shape = shape
    self.quantization = quantization
    self.encoding = encoding
    self.nonzeroCount = nonzeroCount
    self.positions = positions.kept
    self.values = values.kept
    self.panelOrder = panelOrder
  }

  /// A dense tensor over `bytes`, which hold exactly the elements of `shape` in row-major order.
  public init(
    type: ElementType, shape: Shape, bytes: Bytes, quantization: Quantization? = nil
  ) {
    precondition(bytes.count == shape.count * type.size, "bytes do not match the shape")
    self.init(
      type: type, shape: shape, quantization: quantization, encoding: .dense,
      nonzeroCount: Tensor.countNonzero(bytes, elementSize: type.size), positions: Bytes([]),
      values: bytes)
  }

  /// A dense float32 tensor.
  public init(_ elements: [Float], shape: Shape) {
    self.init(type: .float32, shape: shape, bytes: Bytes(elements: elements))
  }

  /// A dense int64 tensor, by default of rank 1.
  public init(_ elements: [Int64], shape: Shape? = nil) {
    self.init(
      type: .int64, shape: shape ?? Shape([elements.count]), bytes: Bytes(elements: elements))
  }

  /// The bytes of positions and values together.
  public var byteCount: Int { positions.count + values.count }

  /// The bytes of scales and zero points in a file.
  public var scaleBytes: Int { PlacedTensor.scales(self).count }

  /// Elements of any byte pattern but zero; a negative zero counts, since it must be stored.
  static func countNonzero(_ bytes: Bytes, elementSize: Int) -> Int {
    bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return 0 }
      // Elements side by side in words of 64 bits: the high bit of each becomes set where it is not
      // zero, and is added to a counter as wide as the element.
      let bits = UInt64(elementSize * 8)
      let high = elementSize == 8 ? 1 << 63 : (UInt64.max / ((1 << bits) - 1)) << (bits - 1)
      let highs = SIMD8<UInt64>(repeating: high)
      let shift = SIMD8<UInt64>(repeating: bits &- 1)
      let most = (elementSize == 1 ? 255 : 1 << 13) * 64
      let whole = buffer.count / 64 * 64
      var (nonzero, at) = (0, 0)
      while at < whole {
        let end = min(whole, at &+ most)
        var counts = SIMD8<UInt64>()
        while at < end {
          let words = base.loadUnaligned(fromByteOffset: at, as: SIMD8<UInt64>.self)
          counts &+= ((((words & ~highs) &+ ~highs) | words) & highs) &>> shift
          at &+= 64
        }
        for word in 0..<8 {
          for element in 0..<(8 / elementSize) {
            let count = counts[word] >> (UInt64(element) * bits)
            nonzero += Int(bits == 64 ? count : count & ((1 << bits) - 1))
          }
        }
      }
      // What fills no vector: a few elements.
      while at < buffer.count {
        let element = UnsafeRawBufferPointer(start: base + at, count: elementSize)
        nonzero += element.contains { $0 != 0 } ? 1 : 0
        at += elementSize
      }
      return nonzero
    }
  }
}

extension Tensor {
  /// The elements without sparsity: all of `shape`, in row-major order, in the stored type.
  public var dense: Bytes {
    encoding == .dense ? values : Bytes(encoding.codec.expand(self))
  }

  /// Calls `body` with the elements of a dense or sparse tensor of type `T`, in place where they lie so.
  public func withElements<T: BitwiseCopyable, R>(
    as type: T.Type, _ body: (UnsafeBufferPointer<T>) -> R
  ) -> R {
    let bytes = dense
    return bytes.withUnsafeBytes { buffer in
      // Tensors of other formats may lie anywhere.
      let isAligned = Int(bitPattern: buffer.baseAddress) % MemoryLayout<T>.alignment == 0
      return isAligned
        ? body(buffer.assumingMemoryBound(to: T.self))
        : bytes.elements(as: T.self).withUnsafeBufferPointer(body)
    }
  }

  /// Calls `body` with the real numbers that the elements stand for, in place where they lie so.
  public func withFloats<R>(_ body: (UnsafeBufferPointer<Float>) -> R) -> R {
    type == .float32
      ? withElements(as: Float.self, body) : floats().withUnsafeBufferPointer(body)
  }

  /// Gives back the memory of elements that lie in a file and are not needed for now; whoever reads
  /// them again reads the file again.
  public func releasePages() {
    values.releasePages()
    positions.releasePages()
  }

  /// The real numbers that the elements stand for, in row-major order.
  ///
  /// Quantized elements are scaled, float16 and bfloat16 widened, integers converted.
  public func floats() -> [Float] {
    let bytes = dense
    func convert<T: BinaryInteger & BitwiseCopyable>(_: T.Type) -> [Float] {
      let integers = bytes.elements(as: T.self)
      guard let quantization else { return integers.map { Float($0) } }
      return Tensor.dequantize(integers, quantization, shape)
    }
    return switch type {
    case .float32: bytes.elements(as: Float.self)
    case .float64: bytes.elements(as: Double.self).map { Float($0) }
    case .float16: bytes.elements(as: UInt16.self).map { Float(halfBits: $0) }
    case .bfloat16: bytes.elements(as: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
    case .int8: convert(Int8.self)
    case .uint8, .bool: convert(UInt8.self)
    case .int16: convert(Int16.self)
    case .uint16: convert(UInt16.self)
    case .int32: convert(Int32.self)
    case .uint32: convert(UInt32.self)
    case .int64: convert(Int64.self)
    case .uint64: convert(UInt64.self)
    }
  }

  /// The elements as 64-bit integers, or nil where they are not integers.
  public func integers() -> [Int64]? {
    let bytes = dense
    func convert<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) -> [Int64] {
      bytes.elements(as: T.self).map { Int64(clamping: $0) }
    }
    return switch type {
    case .int8: convert(Int8.self)
    case .uint8, .bool: convert(UInt8.self)
    case .int16: convert(Int16.self)
    case .uint16: convert(UInt16.self)
    case .int32: convert(Int32.self)
    case .uint32: convert(UInt32.self)
    case .int64: convert(Int64.self)
    case .uint64: convert(UInt64.self)
    case .float32, .float64, .float16, .bfloat16: nil
    }
  }

  private static func dequantize<T: BinaryInteger>(
    _ stored: [T], _ quantization: Quantization, _ shape: Shape
  ) -> [Float] {
    guard let axis = quantization.axis else {
      let scale = quantization.scales[0]
      let zero = Int64(quantization.zeroPoints[0])
      return stored.map { scale * Float(Int64($0) - zero) }
    }
    let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
    let extent = shape[axis]
    return [Float](unsafeUninitializedCapacity: stored.count) { out, initialized in
      var start = 0
      var channel = 0
      while start < stored.count {
        let scale = quantization.scales[channel]
        let zero = Int64(quantization.zeroPoints[channel])
        for i in start..<(start + inner) { out[i] = scale * Float(Int64(stored[i]) - zero) }
        start += inner
        channel = channel + 1 == extent ? 0 : channel + 1
      }
      initialized = stored.count
    }
  }
}
