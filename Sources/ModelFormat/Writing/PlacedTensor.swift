/// The tensors of a graph, each once: constants with equal content share one.
struct TensorPool {
  struct Entry {
    let name: String
    let tensor: Tensor
    let streams: [Bytes]
    let digest: [UInt8]
  }

  private(set) var tensors: [Entry] = []
  /// For each value, the number of its tensor.
  private(set) var numbers: [Int?] = []

  init(_ graph: Graph) {
    var known: [[UInt8]: [Int]] = [:]
    for value in graph.values {
      guard let tensor = value.constant else {
        numbers.append(nil)
        continue
      }
      let streams = PlacedTensor.streams(tensor)
      var hash = SHA256()
      for stream in streams { stream.withUnsafeBytes { hash.update($0) } }
      let digest = hash.finish()
      let twin = known[digest]?.first { Self.isSame(tensors[$0].tensor, tensor) }
      if let twin {
        numbers.append(twin)
      } else {
        known[digest, default: []].append(tensors.count)
        numbers.append(tensors.count)
        tensors.append(
          Entry(name: value.name, tensor: tensor, streams: streams, digest: digest))
      }
    }
  }

  /// Whether tensors with equal streams have equal records too.
  private static func isSame(_ a: Tensor, _ b: Tensor) -> Bool {
    a.type == b.type && a.shape == b.shape && a.encoding == b.encoding
      && a.quantization == b.quantization && a.nonzeroCount == b.nonzeroCount
      && a.positions.count == b.positions.count && a.panelOrder == b.panelOrder
  }
}

/// A tensor with its place in the file.
struct PlacedTensor {
  let entry: TensorPool.Entry
  let offset: Int

  var streams: [Bytes] { entry.streams }
  var end: Int { offset + streams.reduce(0) { $0 + $1.count } }

  /// Places tensors one behind the other, the first at `start`.
  static func place(_ pool: TensorPool, from start: Int) -> [PlacedTensor] {
    var end = start
    return pool.tensors.map { entry in
      let placed = PlacedTensor(entry: entry, offset: V1.align(end))
      end = placed.end
      return placed
    }
  }

  /// The streams of a tensor with the padding between them: positions, values, scales.
  static func streams(_ tensor: Tensor) -> [Bytes] {
    var streams: [Bytes] = []
    var size = 0
    for stream in [tensor.positions, tensor.values, scales(tensor)] {
      let aligned = V1.align(size, to: V1.streamAlignment)
      if aligned > size { streams.append(Bytes([UInt8](repeating: 0, count: aligned - size))) }
      streams.append(stream)
      size = aligned + stream.count
    }
    return streams
  }

  static func scales(_ tensor: Tensor) -> Bytes {
    guard let quantization = tensor.quantization else { return Bytes([]) }
    var writer = ByteWriter()
    if let (largest, ratios) = quantization.halfRatios {
      writer.put(largest)
      for ratio in ratios { writer.put(ratio) }
      return Bytes(writer.bytes)
    }
    for scale in quantization.scales { writer.put(scale) }
    if !quantization.isSymmetric {
      for zeroPoint in quantization.zeroPoints { writer.put(zeroPoint) }
    }
    return Bytes(writer.bytes)
  }

  /// The content of the tensors section.
  static func records(_ tensors: [PlacedTensor], _ names: NameIndex) -> [UInt8] {
    var writer = ByteWriter()
    for placed in tensors {
      let tensor = placed.entry.tensor
      let start = writer.bytes.count
      writer.put(tensor.type.rawValue)
      writer.put(tensor.encoding.rawValue)
      writer.put(UInt8(tensor.shape.rank))
      writer.put(flags(tensor.quantization))
      writer.put(UInt8(tensor.quantization?.axis ?? 0))
      writer.pad(count: start + 8)
      for extent in tensor.shape.dimensions { writer.put(UInt32(extent)) }
      writer.pad(count: start + 40)
      writer.put(UInt64(placed.offset))
      writer.put(UInt64(tensor.positions.count))
      writer.put(UInt64(tensor.values.count))
      writer.put(UInt64(scales(tensor).count))
      writer.put(UInt64(tensor.nonzeroCount))
      writer.put(names[placed.entry.name])
      if let order = tensor.panelOrder {
        writer.put(UInt8(PanelOrder.width))
        writer.put(UInt8(order.quantum))
        writer.put(UInt16(0))
        writer.put(UInt32(order.groups))
        writer.put(UInt32(order.sideBySide))
      }
      writer.pad(count: start + 96)
      writer.put(placed.entry.digest)
    }
    return writer.bytes
  }

  private static func flags(_ quantization: Quantization?) -> UInt8 {
    guard let quantization else { return 0 }
    return V1.QuantizationFlag.present
      | (quantization.axis == nil ? 0 : V1.QuantizationFlag.perAxis)
      | (quantization.isSymmetric ? 0 : V1.QuantizationFlag.zeroPoints)
      | (quantization.halfRatios == nil ? 0 : V1.QuantizationFlag.halfRatios)
  }
}
