import Kernels
import ModelFormat
import Operators

/// What the nodes of a graph are expected to take in floats and in integers, and the steps between the two:
/// what says where static integers gain time.
///
/// Cycles of one core, of sizes alone, as those of `ConvolutionCosts`.
struct IntegerGains {
  /// For each node, what it takes in floats and in integers.
  private var nodes: [(floats: Double, integers: Double)] = []
  private let graph: Graph
  private let index: GraphIndex

  /// Quantizing and reading back, for each element and for the step.
  private static let quantized = 0.25, dequantized = 0.2, step = 400.0
  /// What a change must be expected to save: of the layer's time in floats, and at least.
  private static let worthwhile = 0.1, leastCycles = 500.0
  /// Layers that are tried at most.
  private static let mostTrials = 400

  init(_ graph: Graph, _ index: GraphIndex) {
    self.graph = graph
    self.index = index
    nodes = graph.nodes.map { Self.cycles($0, graph) }
  }

  /// Takes anchors out of `anchors` that gain no time, and returns them; `spread` says which nodes compute
  /// in integers where some anchors do.
  ///
  /// From the last to the first, since a layer that only floats read may be the end of integers, then from
  /// the first to the last, where they may begin.
  func trim(_ anchors: inout [Bool], _ spread: ([Bool]) -> [Bool]) -> [Int] {
    let doubtful = anchors.indices.filter {
      anchors[$0] && nodes[$0].integers * 1.25 > nodes[$0].floats
    }
    guard !doubtful.isEmpty else { return [] }
    var left: [Int] = []
    var cycles = total(spread(anchors))
    for position in (doubtful.reversed() + doubtful).prefix(Self.mostTrials)
    where anchors[position] {
      anchors[position] = false
      let trial = total(spread(anchors))
      if cycles - trial > max(Self.leastCycles, nodes[position].floats * Self.worthwhile) {
        cycles = trial
        left.append(position)
      } else {
        anchors[position] = true
      }
    }
    return left
  }

  /// Cycles of the graph where the nodes of `isInteger` compute in integers.
  private func total(_ isInteger: [Bool]) -> Double {
    var cycles = 0.0
    for position in nodes.indices {
      cycles += isInteger[position] ? nodes[position].integers : nodes[position].floats
    }
    for value in graph.values.indices where graph.values[value].constant == nil {
      let readers = index.consumers[value]
      guard readers.contains(where: { isInteger[$0] }) else { continue }
      let count = Double(graph.values[value].shape?.count ?? 0)
      if index.producer[value].map({ isInteger[$0] }) != true {
        cycles += Self.step + count * Self.quantized
      } else if index.isOutput[value] || !readers.allSatisfy({ isInteger[$0] }) {
        cycles += Self.step + count * Self.dequantized
      }
    }
    return cycles
  }

  private static func cycles(_ node: Node, _ graph: Graph) -> (floats: Double, integers: Double) {
    guard let op = Operator.named(node.op), op.quantization != .none,
      let input = node.inputs.first ?? nil, let output = node.outputs.first ?? nil,
      let from = graph[input].shape, let to = graph[output].shape
    else { return (0, 0) }
    var inputs: [ValueFacts?] = []
    for id in node.inputs {
      inputs.append(
        id.flatMap { id in
          graph[id].shape.map {
            ValueFacts(type: graph[id].type, shape: $0, constant: graph[id].constant)
          }
        })
    }
    if let sizes = try? op.productSizes(NodeFacts(node: node, inputs: inputs)) {
      return (ConvolutionCosts.floats(sizes), ConvolutionCosts.integers(sizes))
    }
    if node.op.hasSuffix("Pool"), to.rank == 4 {
      // Kernels take 16 channels of floats, or 64 of bytes, of one tap at a time.
      let taps: Int
      if case .ints(let kernel)? = node.attributes["kernel_shape"] {
        taps = kernel.reduce(1) { $0 &* Int($1) }
      } else {
        taps = from[2] &* from[3]
      }
      let reads = Double(to[0] &* to[2] &* to[3]) * Double(taps)
      return (
        step + reads * Double((to[1] + 15) / 16) * 1.7,
        step + reads * Double((to[1] + 63) / 64) * 3.5
      )
    }
    let count = Double(max(from.count, to.count))
    return functions.contains(node.op)
      ? (step + count * 0.7, step + count * 0.05) : (step + count * 0.2, step + count * 0.1)
  }

  /// Functions of one element that are computed in floats, and looked up for bytes.
  private static let functions: Set<String> = [
    "Elu", "Erf", "Exp", "Gelu", "HardSigmoid", "HardSwish", "LayerNormalization", "Log", "Selu",
    "Sigmoid", "Softplus", "Swish", "Tanh",
  ]
}
