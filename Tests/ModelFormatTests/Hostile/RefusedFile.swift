import ModelFormat
import Testing

/// A file that breaks one rule of docs/Format.md, and what a reader must say of it.
///
/// The files lie in `Tests/ModelFormatTests/Refused`, so that other readers can be tried on them;
/// `expected.tsv` beside them has rule, offset and subject.
struct RefusedFile: Sendable, CustomTestStringConvertible {
  /// What is wrong, in a word or two, as part of a file's name.
  let what: String
  let rule: ModelError.Rule
  let offset: Int
  let subject: String
  /// What is found, where one rule has several forms; nil where it does not matter.
  let detail: String?
  let bytes: [UInt8]

  /// `rule-what.pare`.
  var fileName: String { "\(rule.rawValue)-\(what).pare" }
  var testDescription: String { fileName }

  /// A file made of `draft` after `edit`, which says where the rule is broken.
  init(
    _ rule: ModelError.Rule, _ what: String, _ subject: String = "", detail: String? = nil,
    of draft: FileDraft = FileDraft(HostileGraphs.worked()), _ edit: (inout FileDraft) -> Int
  ) {
    var draft = draft
    offset = edit(&draft)
    self.rule = rule
    self.what = what
    self.subject = subject
    self.detail = detail
    bytes = draft.file()
  }

  /// A file of a graph, which the writer writes as it is; `offset` is found in the draft of it.
  init(
    _ rule: ModelError.Rule, _ what: String, _ subject: String = "", graph: Graph,
    at offset: (FileDraft) -> Int
  ) {
    self.init(rule, what, subject, of: FileDraft(graph)) { offset($0) }
  }

  /// Every file, one or more for each rule.
  static let all: [RefusedFile] =
    header + sections + counts + names + values + shapes + tensors + streams + graphs + bodies
}

/// The graphs that refused files are made of.
enum HostileGraphs {
  /// The worked example of docs/Format.md: `y = Add(x, c)`; c is int8 in 3x12, four elements not zero.
  static func worked(
    _ encoding: Encoding = .nibbleGap,
    scales: Quantization? = .init(scales: [0.5, 0.25, 1], axis: 0)
  ) -> Graph {
    constant(
      Tensor(type: .int8, shape: [3, 12], bytes: Bytes(elements()), quantization: scales)
        .encoded(as: encoding))
  }

  /// The elements of the example.
  static func elements() -> [UInt8] {
    var elements = [UInt8](repeating: 0, count: 36)
    for (index, value) in [(2, 5), (7, 253), (24, 7), (35, 1)] as [(Int, UInt8)] {
      elements[index] = value
    }
    return elements
  }

  /// `y = Add(x, c)` with the constant `tensor`.
  static func constant(_ tensor: Tensor, type: ElementType = .float32) -> Graph {
    var graph = Graph(name: "example")
    let x = graph.add(Value(name: "x", type: type, shape: tensor.shape))
    let c = graph.add(Value(name: "c", type: type, shape: tensor.shape, constant: tensor))
    let y = graph.add(Value(name: "y", type: type, shape: tensor.shape))
    graph.inputs = [x]
    graph.outputs = [y]
    graph.nodes = [Node(name: "add", op: "Add", inputs: [x, c], outputs: [y])]
    return graph
  }

  /// A dense constant of 2x4 uint8 with scales and zero points for each row.
  static func affine() -> Graph {
    constant(
      Tensor(
        type: .uint8, shape: [2, 4], bytes: Bytes([1, 2, 3, 4, 5, 6, 7, 8]),
        quantization: Quantization(scales: [0.5, 0.25], zeroPoints: [3, 0], axis: 0)))
  }

  /// Two dense constants of three and five bytes.
  static func twoTensors() -> Graph {
    var graph = Graph(name: "two")
    let x = graph.addConstant(
      "x", Tensor(type: .uint8, shape: [3], bytes: Bytes([1, 2, 3])))
    let y = graph.addConstant(
      "y", Tensor(type: .uint8, shape: [5], bytes: Bytes([1, 2, 3, 4, 5])))
    graph.outputs = [x, y]
    return graph
  }

  /// `y = If(x)`, whose branches hand a condition through.
  static func branches(depth: Int = 1) -> Graph {
    func body(_ depth: Int) -> Graph {
      var graph = Graph(name: "b")
      let a = graph.add(Value(name: "a", type: .float32))
      graph.inputs = [a]
      graph.outputs = [a]
      if depth > 1 {
        let r = graph.add(Value(name: "r", type: .float32))
        graph.nodes = [
          Node(name: "if", op: "If", inputs: [a], outputs: [r], bodies: [body(depth - 1)])
        ]
        graph.outputs = [r]
      }
      return graph
    }
    var graph = Graph(name: "branches")
    let x = graph.add(Value(name: "x", type: .bool, shape: []))
    let y = graph.add(Value(name: "y", type: .float32))
    graph.inputs = [x]
    graph.outputs = [y]
    graph.nodes = [Node(name: "if", op: "If", inputs: [x], outputs: [y], bodies: [body(depth)])]
    return graph
  }
}
