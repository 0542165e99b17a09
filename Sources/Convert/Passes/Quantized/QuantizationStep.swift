import ModelFormat
import Operators

/// What a QuantizeLinear or DequantizeLinear does, where one constant scale and zero point serve the
/// whole tensor and its integers have eight bits.
struct QuantizationStep: Equatable {
  /// The operator: QuantizeLinear or DequantizeLinear.
  let op: String
  /// `uint8` or `int8`.
  let type: ElementType
  /// The scale and the zero point, as the integers of `type` have them.
  let parameters: Quantization

  /// The step that `node` is, or nil where it is none, or has scales by channel or by block, scales that
  /// are computed, or other integers.
  init?(_ node: Node, _ graph: Graph) {
    guard node.op == "QuantizeLinear" || node.op == "DequantizeLinear",
      node.inputs.count >= 2, let input = node.inputs[0], let output = node.outputs.first ?? nil,
      node.attributes["block_size"] == nil, [nil, .int(8)].contains(node.attributes["bits"]),
      let scales = graph.floats(node.inputs[1]), scales.count == 1, scales[0].isNormal,
      scales[0] > 0
    else { return nil }
    let isQuantize = node.op == "QuantizeLinear"
    type = graph[isQuantize ? output : input].type
    guard graph[isQuantize ? input : output].type == .float32 else { return nil }
    let range: ClosedRange<Int>
    switch type {
    case .uint8: range = 0...255
    case .int8: range = -128...127
    default: return nil
    }
    var zero = 0
    if node.inputs.count > 2, let id = node.inputs[2] {
      guard let stated = graph.integers(id), stated.count == 1, range.contains(stated[0]) else {
        return nil
      }
      zero = stated[0]
    }
    op = node.op
    parameters = Quantization(scale: scales[0], zeroPoint: Int32(zero))
  }

  /// The step if `node` quantizes to uint8.
  static func quantize(_ node: Node, _ graph: Graph) -> Quantization? {
    guard node.op == "QuantizeLinear", let step = QuantizationStep(node, graph),
      step.type == .uint8
    else { return nil }
    return step.parameters
  }

  /// The step if `node` takes uint8 back to real numbers.
  static func dequantize(_ node: Node, _ graph: Graph) -> Quantization? {
    guard node.op == "DequantizeLinear", let step = QuantizationStep(node, graph),
      step.type == .uint8
    else { return nil }
    return step.parameters
  }
}

extension Quantization {
  /// The integer that a real number becomes before it is held to the range of uint8.
  func level(_ value: Float) -> Double {
    (Double(value) / Double(scales[0])).rounded(.toNearestOrEven) + Double(zeroPoints[0])
  }

  /// Whether a clamp to `bounds` changes nothing of what these parameters can hold.
  func covers(_ bounds: (Float, Float)) -> Bool {
    level(bounds.0) <= 0 && level(bounds.1) >= 255
  }
}

/// Operators that move elements: whether they may work on integers instead of what those stand for.
enum Movement {
  /// Whether `node`, which moves what its first input holds, gives the same when quantization and
  /// movement change places.
  ///
  /// Interpolation computes, and padding adds an element that need not have a level.
  static func commutes(_ node: Node, _ graph: Graph) -> Bool {
    guard let op = Operator.named(node.op), op.quantization == .passthrough, node.bodies.isEmpty,
      node.outputs.allSatisfy({ $0 != nil }), !node.outputs.isEmpty,
      // A second output of Dropout or MaxPool is no element of the first input.
      node.outputs.count == 1 || node.op == "Split"
    else { return false }
    switch node.op {
    case "Resize":
      return [nil, .string("nearest")].contains(node.attributes["mode"])
        && [nil, .float(0)].contains(node.attributes["extrapolation_value"])
    case "Pad":
      guard node.inputs.count > 2, let value = node.inputs[2] else { return true }
      return graph.floats(value) == [0]
    default: return true
    }
  }
}
