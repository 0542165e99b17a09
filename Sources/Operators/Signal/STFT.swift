import Kernels
import ModelFormat

extension Operator {
  /// STFT: the Fourier transforms of windows that slide over signals.
  ///
  /// Inputs: signals [N, L] or [N, L, 1 or 2] (float32 or float64), entries between windows (constant), weights
  /// of a window, its length (constant; by default that of the weights, or L). Output: [N, windows,
  /// frequencies, 2]. Attributes: `onesided` (1): without the frequencies that mirror the others.
  static let stft = Operator(
    "STFT", since: 17, inputs: 2...4,
    infer: { facts throws(OperatorError) in
      let frames = try SignalFrames(facts)
      let x = try facts.input(0)
      return [try facts.result(x.type, [x.shape[0], frames.count, frames.results, 2])]
    },
    scans: { facts in
      guard let frames = try? SignalFrames(facts), let x = facts.optionalInput(0) else { return 0 }
      return .saturatingProduct(
        x.shape[0], frames.count, frames.length,
        FourierTransform<Float>.steps(length: frames.length))
    },
    prepare: { facts throws(OperatorError) in
      let x = try facts.input(0)
      try facts.require(x, "input", among: [.float32, .float64])
      if let window = facts.optionalInput(2) {
        try facts.require(window, "window", among: [x.type])
      }
      let frames = try SignalFrames(facts)
      if try facts.output().count == 0 { return .nothing }
      return x.type == .float32
        ? transform(frames, batch: x.shape[0], Float.self)
        : transform(frames, batch: x.shape[0], Double.self)
    })
}

/// The windows of an STFT node.
private struct SignalFrames: Sendable {
  var extent: Int, width: Int
  var length: Int, step: Int, count: Int, results: Int
  var hasWeights: Bool

  init(_ facts: NodeFacts) throws(OperatorError) {
    let x = try facts.input(0).shape
    guard x.rank == 2 || x.rank == 3 && (x[2] == 1 || x[2] == 2) else {
      throw .shapeMismatch("signals \(x) must be [N, L], [N, L, 1] or [N, L, 2]")
    }
    _ = try facts.input(1)
    (extent, width) = (x[1], x.rank == 2 ? 1 : x[2])
    step = try facts.constantInteger(1, "frame_step") ?? 1
    let weights = facts.optionalInput(2)
    hasWeights = weights != nil
    length = try facts.constantInteger(3, "frame_length") ?? weights?.count ?? extent
    guard step >= 1, length >= 1, length <= 1 << 28, length <= extent,
      weights == nil || weights?.shape == [length]
    else {
      throw .shapeMismatch("windows of \(length) entries, \(step) apart, do not fit signals \(x)")
    }
    count = (extent - length) / step + 1
    results = try facts.int("onesided", default: 1) != 0 ? length / 2 + 1 : length
  }
}

private func transform<T: RealElement>(
  _ frames: SignalFrames, batch: Int, _: T.Type
) -> Execution {
  let fourier = FourierTransform<T>(length: frames.length, isInverse: false)
  let slotBytes = (fourier.scratchCount * MemoryLayout<Complex<T>>.stride + 63) / 64 * 64
  let lines = batch * frames.count
  let slots = min(16, lines)
  return Execution(kernel: "stft", scratchBytes: slots * slotBytes) { operands in
    operands.pool.run(parts: slots) { slot in
      let scratch = (operands.scratch + slot * slotBytes).assumingMemoryBound(to: Complex<T>.self)
      for line in (slot * lines / slots)..<((slot + 1) * lines / slots) {
        let start = line / frames.count * frames.extent + line % frames.count * frames.step
        let from = operands.input(0, as: T.self) + start * frames.width
        for i in 0..<frames.length {
          let x = from + i * frames.width
          let weight: T = frames.hasWeights ? operands.input(2, as: T.self)[i] : 1
          scratch[i] = Complex(x[0] * weight, frames.width == 2 ? x[1] * weight : 0)
        }
        let transformed = fourier.run(scratch)
        let to = operands.output(as: T.self) + line * frames.results * 2
        for i in 0..<frames.results {
          to[2 * i] = transformed[i].x
          to[2 * i + 1] = transformed[i].y
        }
      }
    }
  }
}
