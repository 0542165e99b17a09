import Kernels
import ModelFormat

extension Operator {
  /// Quantizes a float32 activation to uint8 by its own range, once for all layers with the attribute
  /// `quantization` "dynamic" that read it; plans insert it, graphs never hold it.
  ///
  /// Inputs: x, and optionally what its producer left as a `WrittenRange`. Outputs: y of x's shape, row-major
  /// or channels last, and two floats: scale and zero point of `DynamicRange`.
  public static let quantizeActivation = Operator(
    "QuantizeActivation", since: 1, inputs: 1...2, outputs: 2...2,
    infer: { facts throws(OperatorError) in
      let x = try facts.input(0)
      return [
        ValueFacts(type: .uint8, shape: x.shape, layout: x.layout),
        ValueFacts(type: .float32, shape: [2]),
      ]
    },
    prepare: prepareQuantizeActivation)
}

extension NodeFacts {
  /// Where a node with dynamic quantization finds the parameters of an input that was quantized before.
  public static let dynamicParameters = 4

  /// Whether a plan can quantize the first input for this node and others, in a step before it.
  ///
  /// The node then gets uint8 and, as input `dynamicParameters`, the scale and zero point.
  public func takesQuantizedInput(_ op: Operator) -> Bool {
    guard node.attributes["quantization"] == .string("dynamic"),
      let x = inputs.first ?? nil, x.type == .float32, x.constant == nil, x.count > 0,
      optionalInput(3) == nil, optionalInput(1)?.constant != nil,
      let sizes = try? op.productSizes(self)
    else { return false }
    return sizes.multiplyAccumulates > 0
  }

  /// Whether a node that gives one output of float32 can have a second: a `WrittenRange` of the first.
  public func tellsRange(_ op: Operator) -> Bool {
    guard outputs.count == 1, outputs[0].type == .float32, let x = inputs.first ?? nil,
      x.type == .float32 || optionalInput(Self.dynamicParameters) != nil, x.constant == nil,
      (try? op.productSizes(self)) ?? nil != nil
    else { return false }
    return true
  }
}

private func prepareQuantizeActivation(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let x = try facts.input(0)
  try facts.require(x, "input", among: [.float32])
  let y = facts.outputs[0]
  let hasBounds = facts.optionalInput(1) != nil
  let count = x.count
  let vectors = VectorKernels.best
  let planes: (batch: Int, channels: Int, pixels: Int)?
  if x.layout != y.layout {
    guard x.layout == .rowMajor, x.shape.rank == 4 else {
      throw .unsupported("a change of layout goes from row-major to channels last")
    }
    planes = (x.shape[0], x.shape[1], x.shape[2] &* x.shape[3])
  } else {
    planes = nil
  }
  let changes = LayoutChange.best
  return Execution(
    kernel: planes == nil ? vectors.quantizeNames.quantize : changes.quantizeName
  ) { operands in
    let range = range(operands, count, hasBounds: hasBounds)
    operands.output(1, as: Float.self)[0] = range.scale
    operands.output(1, as: Float.self)[1] = Float(range.zeroPoint)
    guard let planes else {
      vectors.quantize(
        operands.input(0), to: operands.output(0), count: count, by: range, pool: operands.pool)
      return
    }
    for image in 0..<planes.batch {
      let first = image &* planes.channels &* planes.pixels
      operands.split(planes.pixels, grain: max(1, (1 << 14) / max(1, planes.channels))) { pixels in
        changes.quantize(
          channels: planes.channels, pixels: pixels.count,
          operands.input(0, as: Float.self) + (first &+ pixels.lowerBound), pitch: planes.pixels,
          to: operands.output(0, as: UInt8.self)
            + (first &+ pixels.lowerBound &* planes.channels),
          scale: range.scale, zeroPoint: range.zeroPoint)
      }
    }
  }
}

/// The range of the input: as its producer tells, or by a pass over it.
private func range(_ operands: Operands, _ count: Int, hasBounds: Bool) -> DynamicRange {
  var bounds: (least: Float, greatest: Float)?
  if hasBounds { bounds = WrittenRange.bounds(operands.input(1), threads: operands.pool.threads) }
  let (least, greatest) =
    bounds ?? VectorKernels.best.range(of: operands.input(0), count: count, pool: operands.pool)
  return DynamicRange(least: least, greatest: greatest)
}
