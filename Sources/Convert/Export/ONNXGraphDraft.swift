import ModelFormat

/// A constant on its way into an ONNX file.
///
/// Its bytes are made when they are written: large networks are never in memory whole.
struct ONNXConstant {
  let name: String
  let type: ElementType
  let shape: Shape
  /// The elements in row-major order, little endian.
  let content: () -> Bytes

  /// The number of bytes of `content`.
  var byteCount: Int { shape.count * type.size }

  /// The elements of a tensor as they are stored, whatever they stand for.
  init(_ name: String, stored tensor: Tensor) {
    self.name = name
    type = tensor.type
    shape = tensor.shape
    content = { tensor.dense }
  }

  /// The transposed elements of a matrix as they are stored.
  init(_ name: String, transposed tensor: Tensor) {
    self.name = name
    type = tensor.type
    shape = [tensor.shape[1], tensor.shape[0]]
    content = { tensor.transposedMatrix().dense }
  }

  /// The real numbers that the elements of a tensor stand for.
  init(_ name: String, real tensor: Tensor) {
    self.name = name
    type = .float32
    shape = tensor.shape
    content = { Bytes(elements: tensor.floats()) }
  }
}

/// An attribute as ONNX has it.
enum ONNXExportAttribute {
  case plain(Attribute)
  case tensor(Tensor)
  case graph(ONNXGraphDraft)
}

/// A node as it will be in the file.
struct ONNXNodeDraft {
  var name: String
  var op: String
  var domain = ""
  /// Names of values; empty where an optional one is left out.
  var inputs: [String]
  var outputs: [String]
  var attributes: [String: ONNXExportAttribute] = [:]
}

/// What is known about an input or output of a graph.
struct ONNXPort {
  let name: String
  let type: ElementType
  /// The extents; nil where they depend on the data.
  let shape: Shape?
  /// The number of dimensions; nil where nobody knows.
  let rank: Int?
}

/// A graph as it will be in the file.
struct ONNXGraphDraft {
  var name: String
  var nodes: [ONNXNodeDraft] = []
  var constants: [ONNXConstant] = []
  var inputs: [ONNXPort] = []
  var outputs: [ONNXPort] = []
}
