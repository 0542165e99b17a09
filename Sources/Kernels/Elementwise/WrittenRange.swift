import CKernels

/// The least and the greatest float that a run writes, gathered while they are still in the caches.
///
/// Each thread has a line of its own in `memory`, with zero between its bounds from the start: what
/// quantizes the values needs no pass of its own over them. Elements that are no number count for nothing.
/// The result does not depend on the number of threads, or on the order of parts.
public struct WrittenRange: @unchecked Sendable {
  // Each thread writes its own line.
  private let memory: UnsafeMutablePointer<Float>
  private let extremes: Kernel<MinMaxFunctionF32>

  /// Floats from one thread's bounds to the next's.
  private static let step = 16

  /// The floats that `memory` has, for any number of threads.
  public static let elements = ThreadPool.maximumThreads * step

  /// A range that `threads` threads will widen, each from zero.
  public init(
    clearing memory: UnsafeMutablePointer<Float>, threads: Int, isa: InstructionSet = .best
  ) {
    self.memory = memory
    extremes = VectorKernels.best(isa).extremes
    for thread in 0..<min(threads, ThreadPool.maximumThreads) {
      memory[thread * Self.step] = 0
      memory[thread * Self.step + 1] = 0
    }
  }

  /// Says that nobody will tell what was written.
  public static func leaveUnknown(_ memory: UnsafeMutablePointer<Float>) { memory[0] = .nan }

  /// Widens the range of `thread` by `rows` rows of `count` elements, `pitch` apart.
  @inline(__always)
  func add(
    _ written: UnsafePointer<Float>, rows: Int, count: Int, pitch: Int, thread: Int
  ) {
    let bounds = memory + thread * Self.step
    if count == pitch || rows == 1 {
      extremes.function(rows * count, written, bounds)
    } else {
      for row in 0..<rows { extremes.function(count, written + row * pitch, bounds) }
    }
  }

  /// Widens the range of `thread` by a tile of an output of floats: `pixels` times `columns` from `first` on.
  @inline(__always)
  func add(
    _ output: UnsafeRawPointer, pixels: Range<Int>, first: Int, columns: Range<Int>, pitch: Int,
    thread: Int
  ) {
    let at = pixels.lowerBound * pitch + first + columns.lowerBound
    add(
      output.assumingMemoryBound(to: Float.self) + at, rows: pixels.count, count: columns.count,
      pitch: pitch, thread: thread)
  }

  /// Widens the range of `thread` by rows of a depthwise convolution, which begin at element `at`.
  @inline(__always)
  func add(
    _ output: UnsafeRawPointer, _ rows: UnsafePointer<pare_depthwise_rows>, at: Int, thread: Int
  ) {
    let sizes = rows.pointee
    add(
      output.assumingMemoryBound(to: Float.self) + at, rows: 1,
      count: sizes.count * sizes.output_width * sizes.channels, pitch: 0, thread: thread)
  }

  /// The bounds that `threads` threads left in `memory`, or nil where they are not known.
  public static func bounds(
    _ memory: UnsafePointer<Float>, threads: Int
  ) -> (least: Float, greatest: Float)? {
    if memory[0].isNaN { return nil }
    var result = (least: memory[0], greatest: memory[1])
    for thread in 1..<max(1, min(threads, ThreadPool.maximumThreads)) {
      result.least = min(result.least, memory[thread * step])
      result.greatest = max(result.greatest, memory[thread * step + 1])
    }
    return result
  }
}

extension VectorKernels {
  /// The kernels for `isa`, looked up once.
  static func best(_ isa: InstructionSet) -> VectorKernels {
    isa == .best ? best : VectorKernels(isa)
  }

  /// The range of `count` elements with zero between its bounds, by all threads of `pool`.
  public func range(
    of x: UnsafePointer<Float>, count: Int, pool: ThreadPool
  ) -> (least: Float, greatest: Float) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: WrittenRange.elements) { memory in
      guard let base = memory.baseAddress else { return (0, 0) }
      let range = WrittenRange(clearing: base, threads: pool.threads)
      let parts = min(pool.threads, max(1, count >> 14))
      pool.runOnThreads(parts: parts) { thread, part in
        let first = part * count / parts
        range.add(
          x + first, rows: 1, count: (part + 1) * count / parts - first, pitch: 0, thread: thread)
      }
      return WrittenRange.bounds(base, threads: pool.threads) ?? (0, 0)
    }
  }

  /// Quantizes `count` elements by a range, by all threads of `pool`.
  public func quantize(
    _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<UInt8>, count: Int,
    by range: DynamicRange,
    pool: ThreadPool
  ) {
    // Pieces are multiples of 64, so that no two threads write one line.
    let pieces = (count + 63) / 64
    let parts = min(pool.threads, max(1, count >> 14))
    pool.run(parts: parts) { part in
      let first = part * pieces / parts * 64
      quantize(
        x + first, to: y + first, count: min(count, (part + 1) * pieces / parts * 64) - first,
        scale: range.scale, zeroPoint: range.zeroPoint)
    }
  }
}
