/// An ONNX message written field by field, for models that no exporter would write.
struct ONNXMessage {
  private(set) var bytes: [UInt8] = []

  /// Adds a number.
  func int(_ field: Int, _ value: Int) -> ONNXMessage {
    var copy = self
    copy.put(UInt64(field) << 3)
    copy.put(UInt64(bitPattern: Int64(value)))
    return copy
  }

  /// Adds bytes or a message.
  func bytes(_ field: Int, _ content: [UInt8]) -> ONNXMessage {
    var copy = self
    copy.append(field, content)
    return copy
  }

  /// Adds a string.
  func text(_ field: Int, _ content: String) -> ONNXMessage { bytes(field, [UInt8](content.utf8)) }

  /// Adds bytes or a message, in place.
  mutating func append(_ field: Int, _ content: [UInt8]) {
    put(UInt64(field) << 3 | 2)
    put(UInt64(content.count))
    bytes += content
  }

  private mutating func put(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

extension ONNXMessage {
  /// A NodeProto.
  static func node(
    _ op: String, _ inputs: [String], _ outputs: [String], domain: String = "",
    attributes: [ONNXMessage] = []
  ) -> ONNXMessage {
    var node = ONNXMessage()
    for input in inputs { node = node.text(1, input) }
    for output in outputs { node = node.text(2, output) }
    node = node.text(4, op)
    for attribute in attributes { node.append(5, attribute.bytes) }
    return domain.isEmpty ? node : node.text(7, domain)
  }

  /// An AttributeProto with an integer.
  static func attribute(_ name: String, _ value: Int) -> ONNXMessage {
    ONNXMessage().text(1, name).int(3, value).int(20, 2)
  }

  /// An AttributeProto with a graph: nodes from named inputs to named outputs.
  static func attribute(
    _ name: String, _ nodes: [ONNXMessage], inputs: [String] = [], outputs: [String]
  ) -> ONNXMessage {
    var graph = ONNXMessage()
    for node in nodes { graph.append(1, node.bytes) }
    for input in inputs { graph.append(11, ONNXMessage().text(1, input).bytes) }
    for output in outputs { graph.append(12, ONNXMessage().text(1, output).bytes) }
    return ONNXMessage().text(1, name).bytes(6, graph.bytes).int(20, 5)
  }

  /// A ValueInfoProto: a float32 tensor unless `type` says otherwise.
  static func value(_ name: String, _ extents: [Int], type: Int = 1) -> ONNXMessage {
    var shape = ONNXMessage()
    for extent in extents { shape.append(1, ONNXMessage().int(1, extent).bytes) }
    let tensor = ONNXMessage().int(1, type).bytes(2, shape.bytes)
    return ONNXMessage().text(1, name).bytes(2, ONNXMessage().bytes(1, tensor.bytes).bytes)
  }

  /// A TensorProto with float32 elements in another file.
  static func external(_ name: String, _ count: Int, at location: String) -> ONNXMessage {
    let place = ONNXMessage().text(1, "location").text(2, location)
    return ONNXMessage().int(1, count).int(2, 1).text(8, name).bytes(13, place.bytes).int(14, 1)
  }

  /// A TensorProto of the type with a number, with raw data: a list of as many elements as bytes, unless
  /// `count` says otherwise.
  static func tensor(
    _ name: String, _ type: Int, _ data: [UInt8], count: Int? = nil
  ) -> ONNXMessage {
    ONNXMessage().int(1, count ?? data.count).int(2, type).text(8, name).bytes(9, data)
  }

  /// A ModelProto of opset 18, from input `x` to output `y`.
  static func model(
    _ nodes: [ONNXMessage], inputs: [ONNXMessage] = [.value("x", [1, 4])],
    initializers: [ONNXMessage] = [], outputs: [String] = ["y"]
  ) -> [UInt8] {
    var graph = ONNXMessage()
    for node in nodes { graph.append(1, node.bytes) }
    for tensor in initializers { graph.append(5, tensor.bytes) }
    for input in inputs { graph.append(11, input.bytes) }
    for output in outputs { graph.append(12, ONNXMessage().text(1, output).bytes) }
    return ONNXMessage().int(1, 8).bytes(7, graph.bytes)
      .bytes(8, ONNXMessage().int(2, 18).bytes).bytes
  }
}
