import Kernels
import Operators

/// The forward and backward pass of a product with weights in rows of outputs: Conv and Gemm.
///
/// Input 0 lies channels last, input 1 has the weights, 2 a bias, 3 a residual. The clamp's part of the
/// gradient comes first, in place, together with the sums of the bias; then weights, then the input.
struct ProductGradient: Sendable {
  /// The sizes of the product.
  let geometry: ConvolutionGeometry
  private let bounds: (min: Float, max: Float)

  init(_ node: TrainedNode, _ geometry: ConvolutionGeometry) throws(OperatorError) {
    self.geometry = geometry
    bounds = try node.facts.activationBounds()
  }

  /// The step of `node`.
  func step(_ node: TrainedNode) -> TrainingStep {
    let (wanted, bounds) = (node.wants, bounds)
    func wants(_ index: Int) -> Bool { index < wanted.count && wanted[index] }
    func has(_ index: Int) -> Bool {
      index < node.facts.inputs.count && node.facts.inputs[index] != nil
    }
    let clamps = bounds.min > -.infinity || bounds.max < .infinity
    let weightGradient = wants(1) ? WeightGradientF32(geometry) : nil
    let inputGradient = wants(0) ? InputGradientF32(geometry) : nil
    let wantsBias = wants(2)
    let sums = ChannelSums(rows: geometry.outputPixels, channels: geometry.outputChannels)
    let kernels = GradientKernels.best
    let (count, channels) = (sums.rows * sums.channels, sums.channels)

    var scratch = ScratchSize(shared: wantsBias ? sums.scratchBytes : 0)
    if let weightGradient { scratch = scratch.or(weightGradient.scratch) }
    if let inputGradient { scratch = scratch.or(inputGradient.scratch) }
    // Where weights do not change, they are packed once.
    let packsOnce = Once(isRepeated: node.isParameter[1])
    var step = TrainingStep(
      readsInputs: (weightGradient == nil ? [] : [0]) + (inputGradient == nil ? [] : [1]),
      readsOutputs: clamps ? [0] : [], scratch: scratch, writes: true,
      overwrites: wants(3) ? [3] : [], spoilsGradients: clamps
    ) { memory in
      let gradient = memory.gradient()
      if wantsBias, let place = memory.place(2) {
        let (bias, _) = sums.run(scratch: memory.scratch, pool: memory.pool) {
          rows, first, second in
          let at = rows.lowerBound * channels
          kernels.sums(
            rows: rows.count, channels: channels, y: clamps ? memory.output() + at : nil,
            bounds: bounds, gradient + at, out: clamps ? gradient + at : nil, sums: first)
          second.update(repeating: 0, count: channels)
        }
        for k in 0..<channels {
          place.pointer[k] = (place.adds ? place.pointer[k] : 0) + Float(bias[k])
        }
      } else if clamps {
        memory.split(count) { range in
          let at = range.lowerBound
          kernels.clamp(
            count: range.count, y: memory.output() + at, bounds: bounds, gradient + at,
            to: gradient + at, adds: false)
        }
      }
      if let weightGradient, let place = memory.place(1) {
        if !place.adds {
          place.pointer.update(
            repeating: 0, count: geometry.outputChannels * geometry.depth)
        }
        weightGradient.run(
          input: memory.input(0), gradient: gradient, to: place.pointer, scratch: memory.scratch,
          pool: memory.pool)
      }
      // The residual may be the input: its gradient is made behind that of the input, which may lie in
      // the memory of the output's.
      if let inputGradient, let place = memory.place(0) {
        if packsOnce.isDue { inputGradient.replace(weights: memory.input(1), pool: memory.pool) }
        inputGradient.run(
          gradient: gradient, to: place.pointer, adds: place.adds, scratch: memory.scratch,
          pool: memory.pool)
      }
      if wanted.count > 3, let place = memory.place(3), UnsafePointer(place.pointer) != gradient {
        memory.split(count) { range in
          let at = range.lowerBound
          if place.adds {
            kernels.accumulate(count: range.count, gradient + at, to: place.pointer + at)
          } else {
            (place.pointer + at).update(from: gradient + at, count: range.count)
          }
        }
      }
    }
    guard node.isParameter.prefix(3).contains(true) else { return step }
    let forward = ConvolutionF32(replaceable: geometry, clamp: bounds)
    let (hasBias, hasResidual) = (has(2), has(3))
    step.forwardScratch = forward.scratch
    step.forwardOverwrites = hasResidual ? 3 : nil
    step.forward = { memory in
      forward.replace(
        weights: memory.input(1), bias: hasBias ? memory.input(2) : nil, pool: memory.pool)
      forward.run(
        input: memory.input(0), residual: hasResidual ? memory.input(3) : nil,
        output: memory.output(), scratch: memory.scratch, pool: memory.pool)
    }
    return step
  }
}

/// Whether something that need not be done again is still to be done.
private final class Once: @unchecked Sendable {
  // One network is for one thread at a time.
  private let isRepeated: Bool
  private var isDone = false

  init(isRepeated: Bool) { self.isRepeated = isRepeated }

  var isDue: Bool {
    defer { isDone = true }
    return isRepeated || !isDone
  }
}
