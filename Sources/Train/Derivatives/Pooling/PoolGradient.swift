import Kernels
import Operators

/// The gradient of a pooling, whose windows may overlap: images are shared out, pixels are not.
struct PoolGradient: Sendable {
  /// What a window does.
  enum Kind: Sendable {
    /// The first of the largest gets the gradient.
    case maximum
    /// Each gets its share.
    case average
  }

  private let geometry: PoolGeometry
  private let kind: Kind
  private let pixels: Int

  /// The gradient for the window of a node, or of `window`.
  init(
    _ node: TrainedNode, _ kind: Kind, window: SpatialWindow? = nil
  ) throws(OperatorError) {
    let x = try node.facts.input(0)
    let countsPadding = try node.facts.int("count_include_pad", default: 0) != 0
    let stated = if let window { window } else { try node.facts.poolWindow() }
    geometry = PoolGeometry(x, stated, countsPadding: countsPadding)
    self.kind = kind
    pixels = geometry.extents.reduce(1, *)
  }

  /// The step of the node.
  var step: TrainingStep {
    let isMaximum = kind == .maximum
    return TrainingStep(
      readsInputs: isMaximum ? [0] : [], readsOutputs: isMaximum ? [0] : [],
      scratch: ScratchSize(perThread: geometry.channels * 4), writes: true
    ) { memory in
      guard let place = memory.place(0), geometry.batch > 0 else { return }
      memory.pool.share(geometry.batch) { thread, images in
        let own = memory.scratch + thread * ((geometry.channels * 4 + 63) & ~63)
        let count = images.count * pixels * geometry.channels
        if !place.adds {
          (place.pointer + images.lowerBound * pixels * geometry.channels).update(
            repeating: 0, count: count)
        }
        let lines = geometry.lines / geometry.batch
        for line in images.lowerBound * lines..<images.upperBound * lines {
          if isMaximum {
            maximum(line, memory, place, own.assumingMemoryBound(to: Float.self))
          } else {
            average(line, memory, place)
          }
        }
      }
    }
  }

  private func average(_ line: Int, _ memory: StepMemory, _ place: GradientPlace) {
    let channels = geometry.channels
    geometry.forEachPixel(of: line) { pixel, window in
      let from = memory.gradient() + pixel * channels
      let share = 1 / Float(window.divisor)
      geometry.forEachTap(of: window) { tap in
        let to = place.pointer + tap * channels
        for c in 0..<channels { to[c] += from[c] * share }
      }
    }
  }

  private func maximum(
    _ line: Int, _ memory: StepMemory, _ place: GradientPlace, _ left: UnsafeMutablePointer<Float>
  ) {
    let channels = geometry.channels
    geometry.forEachPixel(of: line) { pixel, window in
      // What no tap has taken yet.
      left.update(from: memory.gradient() + pixel * channels, count: channels)
      let y = memory.output() + pixel * channels
      geometry.forEachTap(of: window) { tap in
        let x = memory.input(0) + tap * channels
        let to = place.pointer + tap * channels
        for c in 0..<channels {
          let isTaken = x[c] == y[c]
          to[c] += isTaken ? left[c] : 0
          left[c] = isTaken ? 0 : left[c]
        }
      }
    }
  }
}
