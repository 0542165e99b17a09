internal import Interpreter
import ModelFormat

/// One node: what it computes and what it weighs, counted from the graph.
public struct LayerReport: Sendable, Encodable {
  /// The node's name.
  public let name: String
  /// The operator.
  public let op: String
  /// The extents of the first output; nil where they depend on the data of a run.
  public let outputShape: [Int]?
  /// The type of the first output.
  public let outputType: String
  /// Multiply-accumulates of one run.
  public let macs: Int
  /// Elements of its float constants.
  public let parameters: Int
  /// The fraction of its weights that are zero.
  public let zeros: Double
  /// Bytes of its constants in the file, scales included.
  public let bytes: Int

  init(_ node: Node, _ graph: Graph) {
    name = node.name
    op = node.op
    let output = node.outputs.first.flatMap { $0 }
    outputShape = output.flatMap { graph[$0].shape?.dimensions }
    outputType = output.map { graph[$0].type.name } ?? ""
    macs = graph.multiplyAccumulates(of: node)
    var parameters = 0
    var bytes = 0
    for case let id? in node.inputs {
      guard let tensor = graph[id].constant else { continue }
      bytes += tensor.byteCount + tensor.scaleBytes
      if graph[id].type == .float32, tensor.shape.rank >= 1 { parameters += tensor.shape.count }
    }
    self.parameters = parameters
    self.bytes = bytes
    zeros = 1 - GraphTotals.density(node, graph)
  }
}
