import Kernels
import ModelFormat
import Operators

extension Derivative {
  /// ChangeLayout: the change back.
  static let changeLayout = Derivative("ChangeLayout") { node throws(OperatorError) in
    let (from, to) = (try node.facts.input(0), try node.facts.output())
    let images = from.shape[0]
    let (channels, pixels) = (from.shape[1], from.shape[2] * from.shape[3])
    // The gradient lies as the output does: rows by columns, turned into columns by rows.
    let (rows, columns) = to.layout == .channelsLast ? (pixels, channels) : (channels, pixels)
    let plane = rows * columns
    let kernels = LayoutChange.best
    return TrainingStep(
      scratch: ScratchSize(perThread: plane * 4), writes: true
    ) { memory in
      guard let place = memory.place(0) else { return }
      memory.pool.share(images) { thread, range in
        for image in range {
          let source = UnsafeRawPointer(memory.gradient() + image * plane)
          let target = place.pointer + image * plane
          let own = memory.scratch + thread * ((plane * 4 + 63) & ~63)
          let turned = place.adds ? own : UnsafeMutableRawPointer(target)
          kernels.transpose(
            rows: rows, columns: columns, source.assumingMemoryBound(to: UInt32.self),
            pitch: columns, to: turned.assumingMemoryBound(to: UInt32.self), pitch: rows)
          guard place.adds else { continue }
          let sums = own.assumingMemoryBound(to: Float.self)
          for i in 0..<plane { target[i] += sums[i] }
        }
      }
    }
  }
}
