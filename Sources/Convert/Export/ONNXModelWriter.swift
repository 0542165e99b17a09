import ModelFormat

/// Writes an ONNX file: everything but the constants in memory, then each constant as it comes.
///
/// The same model gives the same bytes.
struct ONNXModelWriter {
  /// Fields of `ModelProto` around the graph, the graph's fields before its constants, and the headers
  /// of the constants.
  private let head: [UInt8]
  private let constants: [(header: [UInt8], constant: ONNXConstant)]
  private let tail: [UInt8]

  /// The bytes of the file.
  let byteCount: Int

  /// A writer of `graph` with metadata.
  init(
    _ graph: ONNXGraphDraft, opset: Int, domains: [String: Int], producerVersion: String,
    metadata: [(String, String)]
  ) {
    var inner = WireWriter()
    inner.nodes(graph)
    inner.string(2, graph.name.isEmpty ? "graph" : graph.name)
    inner.ports(graph)
    constants = graph.constants.map { constant in
      var message = WireWriter()
      message.tensorFacts(constant)
      message.header(9, count: constant.byteCount)
      var header = WireWriter()
      header.header(5, count: message.bytes.count + constant.byteCount)
      return (header.bytes + message.bytes, constant)
    }
    let graphBytes = constants.reduce(inner.bytes.count) {
      $0 + $1.header.count + $1.constant.byteCount
    }
    var model = WireWriter()
    model.varint(1, Int64(Self.irVersion(opset)))
    model.string(2, "pare")
    model.string(3, producerVersion)
    for (domain, version) in [("", opset)] + domains.sorted(by: { $0.key < $1.key }) {
      model.message(8) {
        $0.string(1, domain)
        $0.varint(2, Int64(version))
      }
    }
    model.header(7, count: graphBytes)
    head = model.bytes + inner.bytes
    var rest = WireWriter()
    for (key, value) in metadata {
      rest.message(14) {
        $0.string(1, key)
        $0.string(2, value)
      }
    }
    tail = rest.bytes
    byteCount = model.bytes.count + graphBytes + rest.bytes.count
  }

  /// Hands all bytes to `sink`, in order.
  func write(
    to sink: (UnsafeRawBufferPointer) throws(FileError) -> Void
  ) throws(FileError) {
    try Bytes(head).withUnsafeBytes { (bytes) throws(FileError) in try sink(bytes) }
    for (header, constant) in constants {
      try Bytes(header).withUnsafeBytes { (bytes) throws(FileError) in try sink(bytes) }
      try constant.content().withUnsafeBytes { (bytes) throws(FileError) in try sink(bytes) }
    }
    try Bytes(tail).withUnsafeBytes { (bytes) throws(FileError) in try sink(bytes) }
  }

  /// The first version of the format that has an operator set (onnx/docs/Versioning.md).
  private static func irVersion(_ opset: Int) -> Int {
    switch opset {
    case ...14: 7
    case ...18: 8
    case ...20: 9
    case ...22: 10
    case 23: 11
    default: 12
    }
  }
}

// Field numbers are those of onnx.proto.
extension WireWriter {
  fileprivate mutating func nodes(_ graph: ONNXGraphDraft) {
    for node in graph.nodes {
      message(1) { out in
        for input in node.inputs { out.string(1, input) }
        for output in node.outputs { out.string(2, output) }
        out.optional(3, node.name)
        out.string(4, node.op)
        for (name, attribute) in node.attributes.sorted(by: { $0.key < $1.key }) {
          out.message(5) { $0.attribute(name, attribute) }
        }
        out.optional(7, node.domain)
      }
    }
  }

  fileprivate mutating func ports(_ graph: ONNXGraphDraft) {
    for port in graph.inputs { message(11) { $0.port(port) } }
    for port in graph.outputs { message(12) { $0.port(port) } }
  }

  private mutating func port(_ port: ONNXPort) {
    string(1, port.name)
    message(2) { type in
      type.message(1) { tensor in
        tensor.varint(1, Int64(port.type.rawValue))
        guard let rank = port.rank, (0...64).contains(rank) else { return }
        tensor.message(2) { dimensions in
          for axis in 0..<rank {
            dimensions.message(1) { dimension in
              if let shape = port.shape { dimension.varint(1, Int64(shape[axis])) }
            }
          }
        }
      }
    }
  }

  fileprivate mutating func tensorFacts(_ constant: ONNXConstant) {
    for extent in constant.shape.dimensions { varint(1, Int64(extent)) }
    varint(2, Int64(constant.type.rawValue))
    optional(8, constant.name)
  }

  private mutating func attribute(_ name: String, _ attribute: ONNXExportAttribute) {
    string(1, name)
    switch attribute {
    case .plain(.int(let value)):
      varint(3, value)
      varint(20, 2)
    case .plain(.float(let value)):
      float(2, value)
      varint(20, 1)
    case .plain(.string(let text)):
      string(4, text)
      varint(20, 3)
    case .plain(.ints(let values)):
      for value in values { varint(8, value) }
      varint(20, 7)
    case .plain(.floats(let values)):
      for value in values { float(7, value) }
      varint(20, 6)
    case .plain(.strings(let texts)):
      for text in texts { string(9, text) }
      varint(20, 8)
    case .tensor(let tensor):
      let constant = ONNXConstant("", stored: tensor)
      message(5) {
        $0.tensorFacts(constant)
        $0.bytes(9, constant.content().array)
      }
      varint(20, 4)
    case .graph(let graph):
      message(6) { body in
        body.nodes(graph)
        body.string(2, graph.name)
        for constant in graph.constants {
          body.message(5) {
            $0.tensorFacts(constant)
            $0.bytes(9, constant.content().array)
          }
        }
        body.ports(graph)
      }
      varint(20, 5)
    }
  }
}
