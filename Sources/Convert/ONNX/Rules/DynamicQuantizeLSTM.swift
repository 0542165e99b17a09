import ModelFormat

extension ImportRule {
  /// DynamicQuantizeLSTM: LSTM with weights that stay in their integers.
  ///
  /// Its weights have one column for each gate's unit, those of LSTM one row; ONNX Runtime quantizes
  /// the input at each step too, here it stays float32.
  static let dynamicQuantizeLSTM = ImportRule { draft, builder throws(ImportProblem) in
    let weights = try draft.gateWeights(1, scale: 8, "w", &builder)
    let recurrence = try draft.gateWeights(2, scale: 10, "r", &builder)
    draft.op = "LSTM"
    draft.inputs = Array(draft.inputs.prefix(8))
    draft.inputs[1] = weights
    draft.inputs[2] = recurrence
  }
}

extension NodeDraft {
  /// The real weights that input `index` (directions, inputs, gates) stands for, by the scales and zero
  /// points at input `scale`, as (directions, gates, inputs).
  ///
  /// There is a scale for each direction, or for each gate of each direction.
  fileprivate func gateWeights(
    _ index: Int, scale: Int, _ name: String, _ builder: inout GraphBuilder
  ) throws(ImportProblem) -> ValueID {
    guard let stored = input(index), let shape = builder.graph[stored].constant?.shape,
      shape.rank == 3
    else { throw unsupported("weights that are computed are not supported") }
    guard let scales = input(scale), let scaleShape = builder.graph[scales].constant?.shape else {
      throw unsupported("scales that are computed are not supported")
    }
    let rows = builder.node(
      "Transpose", before: self, [stored], name + ".rows", ["perm": .ints([0, 2, 1])])
    var parameters = [scales, input(scale + 1)]
    var attributes: [String: Attribute] = [:]
    let (directions, gates, depth) = (Int64(shape[0]), Int64(shape[2]), Int64(shape[1]))
    if scaleShape.count == shape[0] {
      // One direction has one scale, which is the whole tensor's.
      reshape(&parameters, to: shape[0] == 1 ? [] : [directions], name, &builder)
      attributes["axis"] = .int(0)
    } else if scaleShape.count == shape[0] * shape[2], shape[0] == 1 {
      reshape(&parameters, to: [gates], name, &builder)
      attributes["axis"] = .int(1)
    } else if scaleShape.count == shape[0] * shape[2] {
      // Two axes of scales are blocks, each of a whole row.
      reshape(&parameters, to: [directions, gates, 1], name, &builder)
      attributes["axis"] = .int(2)
      attributes["block_size"] = .int(depth)
    } else {
      throw invalid("the scales \(scaleShape) do not fit the weights \(shape)")
    }
    return builder.node(
      "DequantizeLinear", before: self, [rows] + parameters, name + ".real", attributes)
  }

  private func reshape(
    _ values: inout [ValueID?], to shape: [Int64], _ name: String, _ builder: inout GraphBuilder
  ) {
    let target = builder.constant(Tensor(shape), self, name + ".shape")
    for index in values.indices {
      guard let value = values[index] else { continue }
      values[index] = builder.node("Reshape", before: self, [value, target], name + ".parameter")
    }
  }
}
