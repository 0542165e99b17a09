import Kernels
import ModelFormat
import Operators

/// BatchNormalization of channels that are planes in memory: where no convolution comes before.
///
/// Channels are shared out; the sums of each are taken in one order, in double.
struct PlaneNormalization: Sendable {
  private let images: Int, channels: Int, inner: Int
  private let epsilon: Double, momentum: Double
  private let bounds: (min: Float, max: Float)

  init(_ node: TrainedNode) throws(OperatorError) {
    let facts = node.facts
    let x = try facts.input(0)
    guard x.type == .float32, x.shape.rank >= 2, try facts.int("training_mode", default: 0) == 0
    else { throw .unsupported("another type than float32, or a node in training mode") }
    guard !node.wants.dropFirst(3).contains(true) else {
      throw .unsupported("a mean or a variance that is trained")
    }
    (images, channels) = (x.shape[0], x.shape[1])
    inner = x.shape.dimensions.dropFirst(2).reduce(1, *)
    epsilon = Double(try facts.float("epsilon", default: 1e-5))
    momentum = Double(try facts.float("momentum", default: 0.9))
    bounds = try facts.activationBounds()
  }

  func step(_ node: TrainedNode) -> TrainingStep {
    let clamps = bounds.min > -.infinity || bounds.max < .infinity
    var step = TrainingStep(
      readsInputs: [0, 1], readsOutputs: clamps ? [0] : [],
      saved: [channels * 4, channels * 4], writes: true, overwrites: [0], updates: [3, 4],
      backward: { memory in
        memory.pool.share(channels) { _, range in for k in range { backward(memory, k) } }
      })
    step.forward = { memory in
      memory.pool.share(channels) { _, range in for k in range { forward(memory, k) } }
    }
    return step
  }

  /// Calls `body` with the position of each element of channel `k`.
  @inline(__always)
  private func forEach(_ k: Int, _ body: (Int) -> Void) {
    for image in 0..<images {
      let first = (image * channels + k) * inner
      for i in first..<first + inner { body(i) }
    }
  }

  private func forward(_ memory: StepMemory, _ k: Int) {
    let (x, y) = (memory.input(0), memory.output())
    let n = Double(images * inner)
    var (mean, variance) = (Double(memory.input(3)[k]), Double(memory.input(4)[k]))
    if memory.mode == .train {
      var (sum, squares) = (0.0, 0.0)
      forEach(k) { sum += Double(x[$0]) }
      mean = sum / n
      forEach(k) { squares += (Double(x[$0]) - mean) * (Double(x[$0]) - mean) }
      variance = squares / n
      func move(_ index: Int, to value: Double) {
        let running = memory.statistic(index)
        running[k] = Float(Double(running[k]) * momentum + value * (1 - momentum))
      }
      move(3, to: mean)
      move(4, to: squares / max(1, n - 1))
    }
    let inverse = 1 / (variance + epsilon).squareRoot()
    memory.saved(0).assumingMemoryBound(to: Float.self)[k] = Float(mean)
    memory.saved(1).assumingMemoryBound(to: Float.self)[k] = Float(inverse)
    let factor = memory.input(1)[k] * Float(inverse)
    let offset = memory.input(2)[k] - Float(mean) * factor
    forEach(k) { y[$0] = min(max(x[$0] * factor + offset, bounds.min), bounds.max) }
  }

  private func backward(_ memory: StepMemory, _ k: Int) {
    let (x, y, gradient) = (memory.input(0), memory.output(), memory.gradient())
    let clamps = bounds.min > -.infinity || bounds.max < .infinity
    let mean = memory.saved(0).assumingMemoryBound(to: Float.self)[k]
    let inverse = memory.saved(1).assumingMemoryBound(to: Float.self)[k]
    func passed(_ i: Int) -> Float {
      !clamps || y[i] > bounds.min && y[i] < bounds.max ? gradient[i] : 0
    }
    var (sum, products) = (0.0, 0.0)
    forEach(k) { i in
      let d = passed(i)
      sum += Double(d)
      products += Double(d * (x[i] - mean))
    }
    let n = Double(images * inner)
    let factor = memory.input(1)[k] * inverse
    let isTraining = memory.mode == .train
    let offset = isTraining ? Float(sum / n) : 0
    let slope = isTraining ? Float(products / n) * inverse * inverse : 0
    if let place = memory.place(0) {
      forEach(k) { i in
        let d = factor * (passed(i) - offset - (x[i] - mean) * slope)
        place.pointer[i] = place.adds ? place.pointer[i] + d : d
      }
    }
    for (index, value) in [(1, products * Double(inverse)), (2, sum)] {
      guard let place = memory.place(index) else { continue }
      place.pointer[k] = (place.adds ? place.pointer[k] : 0) + Float(value)
    }
  }
}
