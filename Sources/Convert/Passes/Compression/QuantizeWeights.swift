import Kernels
import ModelFormat

extension Tensor {
  /// Symmetric int8 weights with a scale for each output channel: the largest becomes ±127.
  ///
  /// Zeros stay zero. Nil where an element is not finite.
  func quantizedRows(axis: Int = 0) -> Tensor? {
    if type == .int8, let quantization, quantization.isSymmetric, quantization.axis == axis {
      return self
    }
    let elements = floats()
    let extent = shape[axis]
    let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
    let outer = shape.dimensions[..<axis].reduce(1, *)
    var scales = [Float](repeating: 0, count: extent)
    var stored = [Int8](repeating: 0, count: elements.count)
    for channel in 0..<extent {
      for block in 0..<outer {
        let start = (block * extent + channel) * inner
        for index in start..<(start + inner) {
          guard elements[index].isFinite else { return nil }
          scales[channel] = max(scales[channel], abs(elements[index]))
        }
      }
      scales[channel] /= 127
    }
    // A channel of zeros takes the largest scale: any serves.
    guard let widest = scales.max() else { return nil }
    let fallback: Float = widest.isNormal ? widest : 1
    scales = Quantization.roundedUpToHalfRatios(scales.map { $0.isNormal ? $0 : fallback })
    for channel in 0..<extent {
      let scale = scales[channel]
      for block in 0..<outer {
        let start = (block * extent + channel) * inner
        for index in start..<(start + inner) {
          let level = (elements[index] / scale).rounded(.toNearestOrEven)
          stored[index] = Int8(min(max(level, -127), 127))
        }
      }
    }
    return Tensor(
      type: .int8, shape: shape, bytes: Bytes(elements: stored),
      quantization: Quantization(scales: scales, axis: axis))
  }

  /// The elements rounded to half precision, or nil where one is too large for it.
  func halved() -> Tensor? {
    guard type == .float32 else { return type == .float16 ? self : nil }
    let bits = floats().map(\.halfBits)
    guard bits.allSatisfy({ $0 & 0x7C00 != 0x7C00 }) else { return nil }
    return Tensor(type: .float16, shape: shape, bytes: Bytes(elements: bits))
  }
}

extension Tensor {
  /// The elements rounded to bfloat16, half to even; nil where one is rounded to infinity.
  func shortened() -> Tensor? {
    guard type == .float32 else { return type == .bfloat16 ? self : nil }
    var bits: [UInt16] = []
    bits.reserveCapacity(shape.count)
    for element in floats() {
      let pattern = element.bitPattern
      let rounded = pattern &+ 0x7FFF &+ (pattern >> 16 & 1)
      guard element.isFinite, rounded >> 23 & 0xFF != 0xFF else { return nil }
      bits.append(UInt16(rounded >> 16))
    }
    return Tensor(type: .bfloat16, shape: shape, bytes: Bytes(elements: bits))
  }
}

/// A layer that was left in float, and why.
public struct FloatLayer: Sendable, Hashable {
  /// The node's name.
  public let node: String
  /// The reason in words.
  public let reason: String
}

/// Stores weights in int8; they are expanded to float32 when the model is loaded, or multiplied as
/// integers with activations that are quantized at run time.
struct QuantizeWeights {
  /// Whether activations are quantized at run time.
  let isDynamic: Bool

  /// What was done.
  struct Effect {
    var layers = 0
    var dynamicLayers = 0
    var left: [FloatLayer] = []
  }

  func apply(_ graph: inout Graph, _ nodes: [WeightedNode]) -> Effect {
    var effect = Effect()
    for node in nodes {
      guard let tensor = graph[node.weights].constant else { continue }
      let op = graph.nodes[node.position].op
      let isGrouped = op == "ConvTranspose"
      guard
        let stored = tensor.quantizedRows(
          axis: isGrouped ? 1 : op == "MatMul" ? tensor.shape.rank - 1 : 0)
      else {
        effect.left.append(FloatLayer(node: node.name, reason: "weights are not finite"))
        continue
      }
      graph[node.weights].constant = stored
      effect.layers += 1
      guard isDynamic, Self.gains(graph, graph.nodes[node.position], tensor.shape) else { continue }
      graph.nodes[node.position].attributes["quantization"] = .string("dynamic")
      effect.dynamicLayers += 1
    }
    return effect
  }

  /// Whether integer products outweigh the cost of measuring and quantizing the input.
  private static func gains(_ graph: Graph, _ node: Node, _ shape: Shape) -> Bool {
    let depth = shape.dimensions[1...].reduce(1, *)
    let isPlain = node.op == "Conv" || node.op == "Gemm" && node.attributes["transB"] == .int(1)
    return isPlain && [2, 4].contains(shape.rank) && depth >= 32 && depth <= 66_000
      && shape[0] >= 16
      && (node.inputs[0].flatMap { graph[$0].type } == .float32)
  }
}
