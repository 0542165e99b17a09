import Kernels
import ModelFormat

extension ExportScope {
  /// A convolution of integers that adds a residual before it rounds, or false where `node` is none.
  ///
  ///     DequantizeLinear(x, scale 1) -> Conv(integers, in float32) -> Mul(f) -> Add(g · r)
  ///     -> QuantizeLinear(scale 1)
  ///
  /// There is no quantized sum in ONNX that rounds once. With real scales the sum of a runtime differs in
  /// its last bits, and where it is half a step that makes a step; whole numbers below 2²⁴ are exact in
  /// float32 in any order (sums are far below that, but for the widest of layers), so this gives the bits of docs/Quantization.md: `f` and `g` are the factors
  /// there.
  mutating func quantizedResidual(_ node: Node) -> Bool {
    guard node.op == "Conv", node.inputs.count == 4, let x = node.inputs[0],
      let r = node.inputs[3], let w = node.inputs[1], let y = node.outputs[0],
      let input = integerParameters(x), let residual = integerParameters(r),
      let output = integerParameters(y), let tensor = graph[w].constant, tensor.type == .int8,
      let quantization = tensor.quantization, quantization.isSymmetric,
      quantization.axis == nil || quantization.axis == 0, tensor.shape.rank == 4,
      node.attributes["activation"] == nil
    else { return false }
    let channels = tensor.shape[0]
    let scales = (0..<channels).map {
      quantization.scales[quantization.axis == nil ? 0 : $0]
    }
    var sums = [Float](repeating: 0, count: channels)
    if let id = node.inputs[2] {
      guard let bias = graph[id].constant?.floats(), bias.count == channels else { return false }
      for channel in 0..<channels {
        let step = Double(input.scales[0]) * Double(scales[channel])
        let level = (Double(bias[channel]) / step).rounded(.toNearestOrAwayFromZero)
        sums[channel] = level.isNaN ? 0 : Float(min(max(level, -0x1p30), 0x1p30))
      }
    }
    let factors = scales.map {
      Rescaling.factor(input: input.scales[0], weight: $0, output: output.scales[0])
    }
    let factor = Rescaling.factor(Double(residual.scales[0]), over: Double(output.scales[0]))
    guard sums.allSatisfy({ abs($0) < 0x1p23 }), factors.allSatisfy({ $0.isNormal }),
      factor.isNormal
    else { return false }

    let base = node.name
    func whole(_ id: ValueID, _ parameters: Quantization, _ scope: inout ExportScope) -> String {
      scope.dequantized(
        scope.name(id), .uint8, Quantization(scale: 1, zeroPoint: parameters.zeroPoints[0]),
        base: "\(base).\(scope.name(id))")
    }
    let stored = names.value("\(name(w)).stored")
    constant(ONNXConstant(stored, stored: tensor))
    let weights = dequantized(stored, .int8, Quantization(scale: 1), base: "\(base).weights")
    var attributes = node.attributes
    for name in ExportBounds.attributes { attributes[name] = nil }
    let product = emit(
      "Conv",
      [
        whole(x, input, &self), weights,
        constant(Tensor(sums, shape: [channels]), base: "\(base).bias"),
      ], attributes, base: base)
    let scaled = emit(
      "Mul",
      [product, constant(Tensor(factors, shape: [channels, 1, 1]), base: "\(base).factors")],
      base: base)
    let added = emit(
      "Mul", [whole(r, residual, &self), scalar(factor, base: "\(base).residual.factor")],
      base: "\(base).residual")
    let sum = emit("Add", [scaled, added], base: base)
    quantize(sum, Quantization(scale: 1, zeroPoint: output.zeroPoints[0]), to: name(y))
    return true
  }
}
