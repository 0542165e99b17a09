/// What the importer keeps of ONNX's messages, as Swift values.
struct ONNXModel {
  var irVersion: Int64
  var producer: String
  /// Versions by domain; ONNX's own domain is the empty string.
  var opsets: [String: Int64]
  var graph: ONNXGraph
  var metadata: [String: String]
  /// Functions that the model defines itself, by `domain.name`.
  var functions: [String: ONNXFunction]
}

/// A function that a model defines for its own nodes.
struct ONNXFunction {
  var inputs: [String]
  var outputs: [String]
  var nodes: [ONNXNode]
  /// The attributes that a call may give, with the value that they have where it does not.
  var defaults: [String: ONNXAttribute?]
  /// Versions by domain.
  var opsets: [String: Int64]
}

/// A graph, or the body of a node.
struct ONNXGraph {
  var name: String
  var nodes: [ONNXNode]
  var initializers: [ONNXTensor]
  var sparseInitializers: [ONNXSparseTensor]
  var inputs: [ONNXValueInfo]
  var outputs: [ONNXValueInfo]
  /// What a body reads from around it, each name once, in order of first use.
  var captures: [String]
}

/// A node as it is in the file.
struct ONNXNode {
  var name: String
  var op: String
  /// The domain; ONNX's own is the empty string.
  var domain: String
  var inputs: [String]
  var outputs: [String]
  var attributes: [String: ONNXAttribute]
  /// What the bodies among the attributes read from around the node.
  var captures: [String]

  /// Everything that must be there before the node can run.
  var reads: [String] { captures.isEmpty ? inputs : inputs + captures }
}

/// The value of an attribute.
enum ONNXAttribute {
  case int(Int64)
  case float(Float)
  case string(String)
  case ints([Int64])
  case floats([Float])
  case strings([String])
  case tensor(ONNXTensor)
  case sparseTensor(ONNXSparseTensor)
  case graphs([ONNXGraph])
  /// A reference to an attribute of the enclosing function.
  case reference(String)
  /// A type of attribute that nothing uses, by number.
  case other(Int32)
}

/// A tensor whose data may still lie in the file.
struct ONNXTensor {
  /// Where the data of a tensor is.
  enum Data {
    case none
    /// A range of the model file.
    case raw(Range<Int>)
    case floats([Float])
    case int32s([Int32])
    case int64s([Int64])
    case doubles([Double])
    case uint64s([UInt64])
    case strings
    /// Another file, with the pairs that say where in it.
    case external([String: String])
  }

  var name: String
  var dimensions: [Int64]
  var type: Int32
  var data: Data
}

/// A tensor of which only some elements are given, all others being zero.
struct ONNXSparseTensor {
  var values: ONNXTensor
  var indices: ONNXTensor
  var dimensions: [Int64]
}

/// A graph input or output.
struct ONNXValueInfo {
  var name: String
  /// The number of the element type; nil where the value is no tensor.
  var type: Int32?
  /// The extents, nil where unknown; nil altogether where even the rank is.
  var dimensions: [Int64?]?
}
