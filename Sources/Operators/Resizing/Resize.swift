import ModelFormat

extension Operator {
  /// Resize: an image (or any tensor) at another size.
  ///
  /// Inputs: data, roi, scales, sizes; the latter three constant, one of scales and sizes given.
  /// Attributes: `mode` (`nearest`, `linear`, `cubic`), `coordinate_transformation_mode`,
  /// `nearest_mode`, `cubic_coeff_a`, `exclude_outside`, `extrapolation_value`, `axes`,
  /// `keep_aspect_ratio_policy`, `antialias` (linear and cubic).
  ///
  /// Nearest takes every type; linear and cubic take float32, and uint8 and int8, which are computed in
  /// float32 and rounded half to even.
  static let resize = Operator(
    "Resize", since: 19, inputs: 1...4, layout: .follow, quantization: .passthrough,
    infer: inferResize, prepare: prepareResize)
}

private func inferResize(_ facts: NodeFacts) throws(OperatorError) -> [ValueFacts] {
  let data = try facts.input(0)
  var extents = data.shape.dimensions
  for axis in try ResizeGeometry(facts).axes { extents[axis.axis] = axis.output }
  return [try facts.moved(data, extents)]
}

private func prepareResize(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let mapping = try CoordinateMapping(facts)
  let mode = try facts.string("mode", default: "nearest")
  if try facts.output().count == 0 { return .nothing }
  let axes = try ResizeGeometry(facts).changed(mapping)
  switch mode {
  case "nearest": return try nearest(facts, axes, mapping)
  case "linear", "cubic":
    let weights = try InterpolationWeights.Rule(facts, isCubic: mode == "cubic")
    return try interpolation(facts, axes.map { InterpolationWeights($0, mapping, weights) })
  default:
    throw .attribute(name: "mode", problem: "is '\(mode)', but must be nearest, linear or cubic")
  }
}

/// Which of the two neighbours is the nearest.
private enum NearestMode: String {
  case roundPreferFloor = "round_prefer_floor"
  case roundPreferCeil = "round_prefer_ceil"
  case floor
  case ceil

  func apply(_ place: Float) -> Float {
    switch self {
    case .roundPreferFloor: (place - 0.5).rounded(.up)
    case .roundPreferCeil: (place + 0.5).rounded(.down)
    case .floor: place.rounded(.down)
    case .ceil: place.rounded(.up)
    }
  }
}

private func nearest(
  _ facts: NodeFacts, _ axes: [ResizeGeometry.Axis], _ mapping: CoordinateMapping
) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  let name = try facts.string("nearest_mode", default: "round_prefer_floor")
  guard let mode = NearestMode(rawValue: name) else {
    throw .attribute(name: "nearest_mode", problem: "is '\(name)', which is not known")
  }
  let extents = data.physicalShape.dimensions
  var tables = extents.map { Array(0..<$0) }
  for axis in axes {
    tables[data.physicalAxis(axis.axis)] = (0..<axis.output).map { i in
      let place = mapping.place(i, axis)
      if mapping.isOutside(place, axis) { return -1 }
      return Int(saturating(mode.apply(place), 0, Float(axis.input - 1)))
    }
  }
  let copy = IndexedCopy(
    coordinates: tables, sourceExtents: extents, fill: try extrapolationBits(facts),
    elementSize: data.type.size)
  return Execution(kernel: "resize nearest") { operands in copy.run(operands) }
}

/// The extrapolation value as the bits of an element.
private func extrapolationBits(_ facts: NodeFacts) throws(OperatorError) -> UInt64 {
  let data = try facts.input(0)
  let value = try facts.float("extrapolation_value", default: 0)
  switch data.type {
  case .float32: return UInt64(value.bitPattern)
  case .float64: return Double(value).bitPattern
  case .float16: return UInt64(value.halfBits)
  case .bfloat16: return UInt64(value.bitPattern >> 16)
  case .uint8:
    let scale = data.quantization?.scales[0] ?? 1
    let zero = Float(data.quantization?.zeroPoints[0] ?? 0)
    return UInt64(saturating((value / scale).rounded(.toNearestOrEven) + zero, 0, 255))
  default:
    return UInt64(
      bitPattern: Int64(saturating(value.rounded(.toNearestOrEven), -0x1p31, 0x1p31)))
  }
}

private func interpolation(
  _ facts: NodeFacts, _ weights: [InterpolationWeights]
) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  try facts.require(data, "input", among: [.float32, .uint8, .int8])
  let passes = InterpolationPasses(
    data, weights, fill: Float(try facts.float("extrapolation_value", default: 0)))
  return passes.execution()
}
