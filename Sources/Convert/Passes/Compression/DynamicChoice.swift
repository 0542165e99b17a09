import Interpreter
import Kernels
import ModelFormat
import Operators

/// Which layers gain time where they multiply integers on activations that are quantized at each run.
///
/// An activation is quantized once for all layers that read it, so these are weighed together: what their
/// products save must outweigh the quantization. The rule knows sizes alone, so that the same model gives
/// the same file everywhere.
struct DynamicChoice {
  /// Why a layer is not to be dynamic; nothing for one that is.
  private var refusals: [Int: String?] = [:]

  /// What layers that were left have for a reason.
  static let gainsNothing = "int8 gains no time here"

  /// The part of its time in floats that a layer may take in integers: rounding costs accuracy, which a
  /// small gain is not worth.
  private static let margin = 0.75

  /// Weighs the layers at `nodes` of a graph whose weights are still floats.
  init(_ graph: Graph, _ nodes: [WeightedNode]) {
    var layers: [(position: Int, input: ValueID, saved: Double)] = []
    for node in nodes {
      let position = node.position
      switch Self.geometry(graph, graph.nodes[position]) {
      case .failure(let reason): refusals[position] = .some(reason.text)
      case .success(let sizes):
        guard let input = graph.nodes[position].inputs[0] else { continue }
        let saved =
          ConvolutionCosts.isDepthwise(sizes)
          ? 0
          : ConvolutionCosts.floats(sizes) * Self.margin
            - ConvolutionCosts.integers(sizes, givesFloats: true)
        if saved > 0 {
          layers.append((position, input, saved))
        } else {
          refusals[position] = .some(Self.gainsNothing)
        }
      }
    }
    var saved: [ValueID: Double] = [:]
    for layer in layers { saved[layer.input, default: 0] += layer.saved }
    for layer in layers {
      let count = graph[layer.input].shape?.count ?? 0
      let gains = saved[layer.input, default: 0] > ConvolutionCosts.quantizing(count)
      refusals[layer.position] = gains ? .some(nil) : .some(Self.gainsNothing)
    }
  }

  /// Why the layer at `position` is not to be dynamic: nil where it is.
  func refusal(of position: Int) -> String? {
    guard let known = refusals[position] else { return Self.gainsNothing }
    return known
  }

  private struct Reason: Error {
    let text: String
  }

  /// The sizes of a layer that could be dynamic, or why it could not.
  private static func geometry(
    _ graph: Graph, _ node: Node
  ) -> Result<ConvolutionGeometry, Reason> {
    let isProduct = node.op == "Conv" || node.op == "Gemm"
    guard isProduct, let op = Operator.named(node.op) else {
      return .failure(
        Reason(text: "a \(node.op) has no integer form with ranges taken at run time"))
    }
    var inputs: [ValueFacts?] = []
    for id in node.inputs {
      guard let id else {
        inputs.append(nil)
        continue
      }
      guard let shape = graph[id].shape else {
        return .failure(Reason(text: "its sizes are known at run time only"))
      }
      inputs.append(
        ValueFacts(type: graph[id].type, shape: shape, constant: graph[id].constant))
    }
    guard inputs.count < 4, let first = inputs.first ?? nil, first.type == .float32,
      first.constant == nil,
      let sizes = try? op.productSizes(NodeFacts(node: node, inputs: inputs))
    else {
      return .failure(Reason(text: "its product has no packed form"))
    }
    guard sizes.depth <= 66_000 else {
      return .failure(Reason(text: "sums of its products may exceed 32 bits"))
    }
    return .success(sizes)
  }
}
