import ModelFormat

extension Operator {
  /// ReverseSequence: the first entries of each sequence in reverse order, the others as they are.
  ///
  /// Inputs: data of two dimensions or more, lengths [N] (int64 or int32), held within the extent.
  /// Attributes: `batch_axis` (1) and `time_axis` (0): 0 and 1, or 1 and 0.
  static let reverseSequence = Operator(
    "ReverseSequence", since: 10, inputs: 2...2, quantization: .passthrough,
    infer: { facts throws(OperatorError) in
      _ = try sequenceAxes(facts)
      let data = try facts.input(0)
      return [try facts.moved(data, data.shape.dimensions)]
    }, prepare: prepareReverseSequence)
}

/// Whether the samples come first.
private func sequenceAxes(_ facts: NodeFacts) throws(OperatorError) -> Bool {
  let data = try facts.input(0).shape
  let batch = try facts.int("batch_axis", default: 1)
  let time = try facts.int("time_axis", default: 0)
  guard data.rank >= 2 else {
    throw .rank(operand: "input", found: data.rank, expected: "2 or more")
  }
  guard batch == 0 && time == 1 || batch == 1 && time == 0 else {
    throw .attribute(name: "time_axis", problem: "is \(time) beside batch_axis \(batch)")
  }
  guard try facts.input(1).shape == [data[batch]] else {
    throw .shapeMismatch("there must be one length for each of \(data[batch]) sequences")
  }
  return batch == 0
}

private func prepareReverseSequence(_ facts: NodeFacts) throws(OperatorError) -> Execution {
  let data = try facts.input(0)
  let isBatchFirst = try sequenceAxes(facts)
  let reader = try IndexReader(facts, 1)
  if data.count == 0 { return .nothing }
  let (batch, steps) =
    isBatchFirst ? (data.shape[0], data.shape[1]) : (data.shape[1], data.shape[0])
  let inner = data.shape.dimensions[2...].reduce(1, &*)
  let size = data.type.size
  return Execution(kernel: "reverse sequence") { operands in
    for sample in 0..<batch {
      let length = max(0, min(steps, reader.raw(operands, sample)))
      for step in 0..<steps {
        let source = step < length ? length - 1 - step : step
        let (from, to) =
          isBatchFirst
          ? (sample * steps + source, sample * steps + step)
          : (source * batch + sample, step * batch + sample)
        copyElements(
          operands.rawInput(0), from * inner, operands.rawOutput(), to * inner, count: inner,
          size: size)
      }
    }
  }
}
