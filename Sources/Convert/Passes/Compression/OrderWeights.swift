import Interpreter
import Kernels
import ModelFormat

/// Puts dense weights into the order in which the kernels of one instruction set read them.
///
/// Opening the file then packs nothing: weights are read where they lie. On other machines, and by nodes
/// that want another order, they are reordered as any dense tensor is.
struct OrderWeights {
  let isa: InstructionSet

  /// Reorders weights in `graph`, and returns how many constants, and the bytes of padding they gained.
  func apply(_ graph: inout Graph) -> (constants: Int, padding: Int) {
    var orders = [PanelOrder?](repeating: nil, count: graph.values.count)
    // Constants that are read in two orders, or as what they are, stay.
    var isPlain = [Bool](repeating: false, count: graph.values.count)
    for id in graph.outputs { isPlain[id.index] = true }
    for node in graph.nodes {
      let order = graph.weightPanels(of: node, for: isa)
      for (position, id) in node.inputs.enumerated() {
        guard let id, graph[id].constant != nil else { continue }
        if position == 1, let order, orders[id.index] == nil || orders[id.index] == order {
          orders[id.index] = order
        } else {
          isPlain[id.index] = true
        }
      }
    }
    var effect = (constants: 0, padding: 0)
    for index in graph.values.indices where !isPlain[index] {
      // Kernels may leave out zeros where there are many: those weights they pack themselves.
      guard let order = orders[index], let tensor = graph.values[index].constant,
        tensor.encoding == .dense, tensor.nonzeroCount >= tensor.shape.count / 2,
        let panels = tensor.inPanels(order)
      else { continue }
      graph.values[index].constant = panels
      effect.constants += 1
      effect.padding += panels.byteCount - tensor.byteCount
    }
    return effect
  }
}

extension ConversionOptions.Target {
  /// The instruction set whose kernels the weights are for.
  var instructionSet: InstructionSet {
    switch self {
    case .x86AVX512VNNI: .avx512vnni
    case .x86AVX2: .avx2
    case .arm64Dot: .neondot
    }
  }
}
