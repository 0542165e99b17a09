import CProtobufC
import CSchemas

/// The text at a C string that may be missing; names must be valid UTF-8.
private func text(_ pointer: UnsafePointer<CChar>?) throws(ImportProblem) -> String {
  guard let pointer else { return "" }
  guard let text = String(validatingCString: pointer) else {
    throw .malformed(offset: nil, "the name '\(String(cString: pointer))' is not valid UTF-8")
  }
  return text
}

/// The text at a C string that may be missing; what is no UTF-8 is replaced.
private func anyText(_ pointer: UnsafePointer<CChar>?) -> String {
  pointer.map { String(cString: $0) } ?? ""
}

/// The text of a byte field; what is no UTF-8 is replaced.
private func anyText(_ data: ProtobufCBinaryData) -> String {
  String(decoding: UnsafeBufferPointer(start: data.data, count: data.len), as: UTF8.self)
}

/// Repeated numbers.
private func array<T>(_ pointer: UnsafeMutablePointer<T>?, _ count: Int) -> [T] {
  [T](UnsafeBufferPointer(start: pointer, count: pointer == nil ? 0 : count))
}

/// Repeated messages, each read by `body`.
private func array<Message, R>(
  _ pointer: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?, _ count: Int,
  _ body: (Message) throws(ImportProblem) -> R
) throws(ImportProblem) -> [R] {
  var results: [R] = []
  results.reserveCapacity(count)
  for message in UnsafeBufferPointer(start: pointer, count: pointer == nil ? 0 : count) {
    if let message { results.append(try body(message.pointee)) }
  }
  return results
}

/// Repeated names.
private func names(
  _ pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: Int
) throws(ImportProblem) -> [String] {
  var results: [String] = []
  results.reserveCapacity(count)
  for name in UnsafeBufferPointer(start: pointer, count: pointer == nil ? 0 : count) {
    results.append(try text(name))
  }
  return results
}

/// ONNX's own domain is the empty string, whichever way the file spells it.
private func normalizedDomain(_ pointer: UnsafePointer<CChar>?) throws(ImportProblem) -> String {
  let name = try text(pointer)
  return name == "ai.onnx" ? "" : name
}

/// Pairs by key; the first of equal keys counts.
private func pairs(
  _ pointer: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__StringStringEntryProto>?>?,
  _ count: Int
) throws(ImportProblem) -> [String: String] {
  let entries = try array(pointer, count) { entry throws(ImportProblem) in
    (anyText(entry.key), anyText(entry.value))
  }
  return Dictionary(entries, uniquingKeysWith: { first, _ in first })
}

extension ONNXModel {
  init(_ message: Onnx__ModelProto) throws(ImportProblem) {
    guard let graph = message.graph else {
      throw .malformed(offset: nil, "there is no graph in it")
    }
    irVersion = message.has_ir_version != 0 ? message.ir_version : 0
    producer = [anyText(message.producer_name), anyText(message.producer_version)]
      .filter { !$0.isEmpty }.joined(separator: " ")
    let imports = try array(message.opset_import, message.n_opset_import) {
      entry throws(ImportProblem) in
      (try normalizedDomain(entry.domain), entry.has_version != 0 ? entry.version : 0)
    }
    opsets = Dictionary(imports, uniquingKeysWith: max)
    metadata = try pairs(message.metadata_props, message.n_metadata_props)
    functions = Set(
      try array(message.functions, message.n_functions) { function throws(ImportProblem) in
        "\(try normalizedDomain(function.domain)).\(try text(function.name))"
      })
    self.graph = try ONNXGraph(graph.pointee)
  }
}

extension ONNXGraph {
  // Recursive through attributes; the pre-scan has limited the depth.
  init(_ message: Onnx__GraphProto) throws(ImportProblem) {
    name = try text(message.name)
    nodes = try array(message.node, message.n_node, ONNXNode.init)
    initializers = try array(message.initializer, message.n_initializer, ONNXTensor.init)
    sparseInitializers = try array(
      message.sparse_initializer, message.n_sparse_initializer, ONNXSparseTensor.init)
    inputs = try array(message.input, message.n_input, ONNXValueInfo.init)
    outputs = try array(message.output, message.n_output, ONNXValueInfo.init)
    captures = Self.captures(nodes, initializers, sparseInitializers, inputs, outputs)
  }

  /// The names that are read and not defined here.
  private static func captures(
    _ nodes: [ONNXNode], _ initializers: [ONNXTensor], _ sparse: [ONNXSparseTensor],
    _ inputs: [ONNXValueInfo], _ outputs: [ONNXValueInfo]
  ) -> [String] {
    var known: Set<String> = [""]
    known.formUnion(nodes.flatMap(\.outputs))
    known.formUnion(initializers.map(\.name))
    known.formUnion(sparse.map(\.values.name))
    known.formUnion(inputs.map(\.name))
    var captures: [String] = []
    for name in nodes.flatMap(\.reads) + outputs.map(\.name) where known.insert(name).inserted {
      captures.append(name)
    }
    return captures
  }
}

extension ONNXNode {
  init(_ message: Onnx__NodeProto) throws(ImportProblem) {
    name = try text(message.name)
    op = try text(message.op_type)
    domain = try normalizedDomain(message.domain)
    inputs = try names(message.input, message.n_input)
    outputs = try names(message.output, message.n_output)
    let pairs = try array(message.attribute, message.n_attribute) {
      attribute throws(ImportProblem) in
      (try text(attribute.name), try ONNXAttribute(attribute))
    }
    attributes = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    guard attributes.count == pairs.count else {
      throw .invalidNode(name: name, op: op, "an attribute is given twice")
    }
    captures = pairs.flatMap { _, attribute -> [String] in
      if case .graphs(let bodies) = attribute { bodies.flatMap(\.captures) } else { [] }
    }
  }
}

extension ONNXAttribute {
  init(_ message: Onnx__AttributeProto) throws(ImportProblem) {
    if let reference = message.ref_attr_name, reference.pointee != 0 {
      self = .reference(try text(reference))
      return
    }
    switch message.type {
    case 1: self = .float(message.f)
    case 2: self = .int(message.i)
    case 3: self = .string(anyText(message.s))
    case 4:
      guard let tensor = message.t else { throw Self.missing(message, "tensor") }
      self = .tensor(try ONNXTensor(tensor.pointee))
    case 5:
      guard let graph = message.g else { throw Self.missing(message, "graph") }
      self = .graphs([try ONNXGraph(graph.pointee)])
    case 6: self = .floats(array(message.floats, message.n_floats))
    case 7: self = .ints(array(message.ints, message.n_ints))
    case 8: self = .strings(array(message.strings, message.n_strings).map { anyText($0) })
    case 10: self = .graphs(try array(message.graphs, message.n_graphs, ONNXGraph.init))
    case 11:
      guard let tensor = message.sparse_tensor else { throw Self.missing(message, "tensor") }
      self = .sparseTensor(try ONNXSparseTensor(tensor.pointee))
    default: self = .other(message.type)
    }
  }

  private static func missing(_ message: Onnx__AttributeProto, _ what: String) -> ImportProblem {
    .malformed(offset: nil, "attribute '\(anyText(message.name))' has no \(what)")
  }
}

extension ONNXTensor {
  init(_ message: Onnx__TensorProto) throws(ImportProblem) {
    name = try text(message.name)
    dimensions = array(message.dims, message.n_dims)
    type = message.has_data_type != 0 ? message.data_type : 0
    if message.has_data_location != 0, message.data_location == 1 {
      data = .external(try pairs(message.external_data, message.n_external_data))
    } else if message.has_raw_data != 0 {
      data = .raw(try Self.range(message.raw_data))
    } else if message.n_float_data > 0 {
      data = .floats(array(message.float_data, message.n_float_data))
    } else if message.n_int32_data > 0 {
      data = .int32s(array(message.int32_data, message.n_int32_data))
    } else if message.n_int64_data > 0 {
      data = .int64s(array(message.int64_data, message.n_int64_data))
    } else if message.n_double_data > 0 {
      data = .doubles(array(message.double_data, message.n_double_data))
    } else if message.n_uint64_data > 0 {
      data = .uint64s(array(message.uint64_data, message.n_uint64_data))
    } else {
      data = message.n_string_data > 0 ? .strings : .none
    }
  }

  /// The place in the file that the skeleton has instead of raw data.
  private static func range(_ data: ProtobufCBinaryData) throws(ImportProblem) -> Range<Int> {
    guard let bytes = data.data, data.len == 16 else {
      throw .malformed(offset: nil, "raw data was not taken over")
    }
    let words = UnsafeRawPointer(bytes)
    let start = Int(UInt64(littleEndian: words.loadUnaligned(as: UInt64.self)))
    let count = Int(UInt64(littleEndian: words.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    return start..<(start + count)
  }
}

extension ONNXSparseTensor {
  init(_ message: Onnx__SparseTensorProto) throws(ImportProblem) {
    guard let values = message.values, let indices = message.indices else {
      throw .malformed(offset: nil, "a sparse tensor has no values or no indices")
    }
    self.values = try ONNXTensor(values.pointee)
    self.indices = try ONNXTensor(indices.pointee)
    dimensions = array(message.dims, message.n_dims)
  }
}

extension ONNXValueInfo {
  init(_ message: Onnx__ValueInfoProto) throws(ImportProblem) {
    name = try text(message.name)
    let tensor = message.type?.pointee.tensor_type?.pointee
    type = tensor.map { $0.has_elem_type != 0 ? $0.elem_type : 0 }
    if let shape = tensor?.shape?.pointee {
      dimensions = try array(shape.dim, shape.n_dim) { extent throws(ImportProblem) in
        extent.has_dim_value != 0 && extent.dim_value >= 0 ? extent.dim_value : nil
      }
    } else {
      dimensions = nil
    }
  }
}
