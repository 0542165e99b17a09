public import Kernels
public import Operators

/// How a forward pass treats layers that learn statistics.
public enum TrainingMode: Sendable, Hashable {
  /// BatchNormalization takes mean and variance of the batch, and moves its running ones.
  case train
  /// BatchNormalization takes its running mean and variance, which stay.
  case frozen
}

/// Where the gradient of an input goes.
public struct GradientPlace: @unchecked Sendable {
  // Sound to send: parts of one task write disjoint parts.
  /// Its first element, in the layout and order of the input.
  public let pointer: UnsafeMutablePointer<Float>
  /// Whether something is there already that must be added to; what is there otherwise is undefined.
  public let adds: Bool
}

/// Where everything lies that one step reads and writes.
public struct StepMemory: @unchecked Sendable {
  /// The operator's own operands, scratch memory and threads.
  public let operands: Operands
  /// Whether statistics are learned.
  public let mode: TrainingMode
  let saved: UnsafePointer<UnsafeMutableRawPointer>
  let outputGradients: UnsafePointer<UnsafeMutableRawPointer>
  let inputGradients: UnsafePointer<GradientPlace?>

  /// The values of input `index`, in the layout of `TrainedNode.facts`.
  public func input(_ index: Int) -> UnsafePointer<Float> { operands.input(index) }

  /// The values of output `index`.
  public func output(_ index: Int = 0) -> UnsafeMutablePointer<Float> { operands.output(index) }

  /// The gradient of output `index`.
  public func gradient(_ index: Int = 0) -> UnsafeMutablePointer<Float> {
    outputGradients[index].assumingMemoryBound(to: Float.self)
  }

  /// Where the gradient of input `index` goes; nil where nobody wants it.
  public func place(_ index: Int) -> GradientPlace? { inputGradients[index] }

  /// A running statistic among the inputs, to be changed.
  public func statistic(_ index: Int) -> UnsafeMutablePointer<Float> {
    UnsafeMutablePointer(mutating: operands.input(index))
  }

  /// Buffer `index` of those that `forward` leaves for `backward`.
  public func saved(_ index: Int) -> UnsafeMutableRawPointer { saved[index] }

  /// Scratch memory, aligned to 64.
  public var scratch: UnsafeMutableRawPointer { operands.scratch }

  /// The threads to use.
  public var pool: ThreadPool { operands.pool }

  /// Calls `body` for ranges that together make `0 ..< count`, on several threads where a range then has
  /// `grain` items; what it writes must not depend on where ranges begin.
  public func split(_ count: Int, grain: Int = 1 << 13, _ body: (Range<Int>) -> Void) {
    let parts = min(pool.threads * 2, max(1, count / max(1, grain)))
    guard parts > 1, pool.threads > 1 else { return body(0..<count) }
    pool.run(parts: parts) { part in body(count * part / parts..<count * (part + 1) / parts) }
  }
}
