import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// BatchNormalization: input, scale and bias; in training with the batch's mean and variance, through
  /// which gradients pass too.
  ///
  /// Running statistics move by 1 - `momentum`, the variance as that of a sample (over n - 1), as PyTorch
  /// has it.
  static let batchNormalization = Derivative("BatchNormalization", isAlwaysUsed: true) {
    node throws(OperatorError) in
    let x = try node.facts.input(0)
    let isByPixel = x.shape.rank == 2 || x.shape.rank == 4 && x.layout == .channelsLast
    return isByPixel
      ? try NormalizationGradient(node).step(node) : try PlaneNormalization(node).step(node)
  }
}

/// A normalization of channels, which are neighbours in memory.
private struct NormalizationGradient: Sendable {
  let channels: Int
  let rows: Int
  let epsilon: Double
  let momentum: Double
  let bounds: (min: Float, max: Float)
  let sums: ChannelSums
  let kernels = GradientKernels.best

  init(_ node: TrainedNode) throws(OperatorError) {
    let facts = node.facts
    let x = try facts.input(0)
    guard x.type == .float32, try facts.int("training_mode", default: 0) == 0 else {
      throw .unsupported("another type than float32, or a node in training mode")
    }
    guard !node.wants.dropFirst(3).contains(true) else {
      throw .unsupported("a mean or a variance that is trained")
    }
    channels = x.shape[1]
    rows = x.count / max(1, channels)
    epsilon = Double(try facts.float("epsilon", default: 1e-5))
    momentum = Double(try facts.float("momentum", default: 0.9))
    bounds = try facts.activationBounds()
    sums = ChannelSums(rows: rows, channels: channels)
  }

  func step(_ node: TrainedNode) -> TrainingStep {
    let clamps = bounds.min > -.infinity || bounds.max < .infinity
    let scratch = ScratchSize(shared: sums.scratchBytes + channels * 12 + 64)
    // Mean and inverse deviation of what the forward pass normalized by.
    var step = TrainingStep(
      readsInputs: [0, 1], readsOutputs: clamps ? [0] : [], scratch: scratch,
      saved: [channels * 4, channels * 4], writes: true, overwrites: [0], updates: [3, 4],
      backward: { backward($0, clamps) })
    step.forwardScratch = scratch
    step.forward = forward
    return step
  }

  /// Three rows of channels behind the sums.
  private func coefficients(_ memory: StepMemory) -> UnsafeMutablePointer<Float> {
    (memory.scratch + (sums.scratchBytes + 63) & ~63).assumingMemoryBound(to: Float.self)
  }

  private func forward(_ memory: StepMemory) {
    let x = memory.input(0)
    let mean = memory.saved(0).assumingMemoryBound(to: Float.self)
    let inverse = memory.saved(1).assumingMemoryBound(to: Float.self)
    if memory.mode == .train {
      // Less the first row, so that squares of a far mean do not drown the variance.
      let (first, second) = sums.run(scratch: memory.scratch, pool: memory.pool) {
        range, sums, squares in
        kernels.moments(
          rows: range.count, channels: channels, x + range.lowerBound * channels, shift: x,
          sums: sums, squares: squares)
      }
      let n = Double(rows)
      for k in 0..<channels {
        let shift = first[k] / n
        let variance = max(0, second[k] / n - shift * shift)
        mean[k] = Float(Double(x[k]) + shift)
        inverse[k] = Float(1 / (variance + epsilon).squareRoot())
        func move(_ index: Int, to value: Double) {
          let running = memory.statistic(index)
          running[k] = Float(Double(running[k]) * momentum + value * (1 - momentum))
        }
        move(3, to: Double(x[k]) + shift)
        move(4, to: variance * n / max(1, n - 1))
      }
    } else {
      for k in 0..<channels {
        mean[k] = memory.input(3)[k]
        inverse[k] = Float(1 / (Double(memory.input(4)[k]) + epsilon).squareRoot())
      }
    }
    let factors = coefficients(memory)
    let offsets = factors + channels
    for k in 0..<channels {
      factors[k] = memory.input(1)[k] * inverse[k]
      offsets[k] = memory.input(2)[k] - mean[k] * factors[k]
    }
    let affine = AffineRows.best
    memory.split(rows, grain: max(1, (1 << 13) / max(1, channels))) { range in
      let at = range.lowerBound * channels
      affine.run(
        rows: range.count, count: channels, x + at, to: memory.output() + at, scale: factors,
        bias: offsets, clamp: bounds)
    }
  }

  private func backward(_ memory: StepMemory, _ clamps: Bool) {
    let (x, gradient) = (memory.input(0), memory.gradient())
    let y = clamps ? UnsafePointer(memory.output()) : nil
    let mean = UnsafePointer(memory.saved(0).assumingMemoryBound(to: Float.self))
    let inverse = UnsafePointer(memory.saved(1).assumingMemoryBound(to: Float.self))
    let (total, products) = sums.run(scratch: memory.scratch, pool: memory.pool) {
      range, first, second in
      let at = range.lowerBound * channels
      kernels.sums(
        rows: range.count, channels: channels, x: x + at, shift: mean, y: y.map { $0 + at },
        bounds: bounds, gradient + at, sums: first, products: second)
    }
    let factors = coefficients(memory)
    let (slopes, offsets) = (factors + channels, factors + 2 * channels)
    let n = Double(rows)
    for k in 0..<channels {
      let deviation = Double(inverse[k])
      let factor = Double(memory.input(1)[k]) * deviation
      var (slope, offset) = (0.0, 0.0)
      if memory.mode == .train {
        slope = -factor * deviation * deviation * products[k] / n
        offset = -factor * total[k] / n - slope * Double(mean[k])
      }
      factors[k] = Float(factor)
      slopes[k] = Float(slope)
      offsets[k] = Float(offset)
    }
    if let place = memory.place(0) {
      memory.split(rows, grain: max(1, (1 << 13) / max(1, channels))) { range in
        let at = range.lowerBound * channels
        kernels.normalized(
          rows: range.count, channels: channels, x: x + at, y: y.map { $0 + at }, bounds: bounds,
          gradient + at, factors: factors, slopes: slopes, offsets: offsets,
          to: place.pointer + at, adds: place.adds)
      }
    }
    if let place = memory.place(1) {
      for k in 0..<channels {
        place.pointer[k] =
          (place.adds ? place.pointer[k] : 0) + Float(products[k] * Double(inverse[k]))
      }
    }
    if let place = memory.place(2) {
      for k in 0..<channels {
        place.pointer[k] = (place.adds ? place.pointer[k] : 0) + Float(total[k])
      }
    }
  }
}
