import CKernels

package typealias OuterFunctionF32 =
  @convention(c) (
    Int, Int, Int, UnsafePointer<Float>?, Int, UnsafePointer<UnsafePointer<Float>?>?, Int,
    UnsafeMutablePointer<Float>?, Int
  ) -> Void
package typealias ChannelwiseFunctionF32 =
  @convention(c) (
    Int, Int, Int, UnsafePointer<Float>?, Int, UnsafePointer<UnsafePointer<Float>?>?, Int, Int,
    UnsafeMutablePointer<Float>?, Int
  ) -> Void

/// The gradient of the weights of a float convolution, channels last: sums over output pixels of outer
/// products of the output's gradient and the input that each tap reads.
///
/// Pixels are taken in chunks that stay in the cache, outputs in slices whose sums do. Where there are few
/// weights, pixels are cut into pieces with sums of their own, which are added in order: their number
/// depends on the geometry alone.
public final class WeightGradientF32: Sendable {
  private let geometry: ConvolutionGeometry
  private let outer: Kernel<OuterFunctionF32>
  private let channelwise: Kernel<ChannelwiseFunctionF32>
  private let window: Window
  private let zero: AlignedBytes
  private let plan: Plan
  /// The scratch memory of a run.
  public let scratch: ScratchSize

  /// How the work is cut.
  private struct Plan {
    /// Whether the taps of a pixel are copied side by side: for few channels.
    var packs = false
    /// Taps as outer products see them, and elements of each.
    var taps = 1, elements = 1
    /// Output channels of a group, of a slice, and slices.
    var outputs = 1, slice = 1, slices = 1
    /// Output pixels of a chunk and of a piece, and pieces.
    var chunk = 1, piece = 1, pieces = 1
    /// Floats of all sums of a piece.
    var sums = 0
  }

  /// Sums of a slice, and both operands of a chunk, stay in a second-level cache.
  private static let sliceFloats = 48 << 10
  private static let chunkFloats = 48 << 10
  /// Floats that sums of all pieces may take together, and the most pieces.
  private static let pieceFloats = 512 << 10
  private static let mostPieces = 16

  /// The gradient for a convolution of `geometry`.
  public init(_ geometry: ConvolutionGeometry, isa: InstructionSet = .best) {
    let g = geometry
    self.geometry = g
    outer = KernelTable.best(.outerF32, upTo: isa, reference: outerReferenceF32)
    channelwise = KernelTable.best(.channelwiseF32, upTo: isa, reference: channelwiseReferenceF32)
    window = Window(g, elementBytes: 4)
    zero = AlignedBytes(g.inputChannels, of: Float.self)
    let kernelTaps = g.kernelHeight * g.kernelWidth
    let inputs = g.inputChannels / g.groups
    var plan = Plan()
    plan.packs = g.groups == 1 && kernelTaps > 1 && inputs < 8
    (plan.taps, plan.elements) = plan.packs ? (1, inputs * kernelTaps) : (kernelTaps, inputs)
    plan.outputs = g.outputChannels / g.groups
    plan.sums = g.outputChannels * inputs * kernelTaps
    let perOutput = max(1, plan.taps * plan.elements)
    let most = max(outer.rows, Self.sliceFloats / perOutput)
    plan.slices = g.isChannelwise ? 1 : max(1, (plan.outputs + most - 1) / most)
    plan.slice = (plan.outputs + plan.slices - 1) / plan.slices
    plan.chunk = max(32, min(256, Self.chunkFloats / (g.inputChannels + g.outputChannels)))
    let chunks = max(1, (g.outputPixels + plan.chunk - 1) / plan.chunk)
    plan.pieces = max(
      1, min(Self.mostPieces, chunks / 4, Self.pieceFloats / max(1, plan.sums)))
    plan.piece = (chunks + plan.pieces - 1) / plan.pieces * plan.chunk
    self.plan = plan
    scratch = ScratchSize(
      shared: plan.sums * plan.pieces * 4,
      perThread: roundedUp(plan.chunk * kernelTaps * MemoryLayout<Int>.size, to: 64)
        + (plan.packs ? plan.chunk * Self.rowFloats(plan) * 4 + 128 : 0))
  }

  /// Floats from one pixel's copied taps to the next's.
  private static func rowFloats(_ plan: Plan) -> Int { roundedUp(plan.elements, to: 16) }

  /// Adds the gradient to `result` ([output][input / groups][tap]).
  public func run(
    input: UnsafePointer<Float>, gradient: UnsafePointer<Float>,
    to result: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer, pool: ThreadPool
  ) {
    let (g, plan) = (geometry, plan)
    let sums = scratch.assumingMemoryBound(to: Float.self)
    let slots = scratch + self.scratch.shared
    let groups = g.isChannelwise ? 1 : g.groups
    pool.run(parts: plan.pieces) { piece in
      (sums + piece * plan.sums).update(repeating: 0, count: plan.sums)
    }
    let units = plan.pieces * groups * plan.slices
    pool.runOnThreads(parts: units) { thread, unit in
      let piece = unit / (groups * plan.slices)
      let (group, slice) = (unit / plan.slices % groups, unit % plan.slices)
      let own = sums + piece * plan.sums
      let slot = slots + thread * self.scratch.perThread
      let end = min(g.outputPixels, (piece + 1) * plan.piece)
      for first in stride(from: piece * plan.piece, to: end, by: plan.chunk) {
        let count = min(plan.chunk, end - first)
        let rows = addresses(input, first, count, slot)
        let from = gradient + first * g.outputChannels
        if g.isChannelwise {
          channelwise.function(
            g.outputChannels, plan.taps, count, from, g.outputChannels, rows, count, 0, own,
            g.outputChannels)
        } else {
          add(group, slice, rows, count, from, own)
        }
      }
    }
    finish(sums, to: result, pool)
  }

  /// Writes the addresses of what each tap reads for some pixels, [tap][pixel].
  private func addresses(
    _ input: UnsafePointer<Float>, _ first: Int, _ count: Int, _ slot: UnsafeMutableRawPointer
  ) -> UnsafePointer<UnsafePointer<Float>?> {
    let g = geometry
    let rows = slot.assumingMemoryBound(to: UnsafePointer<Float>?.self)
    if g.isPointwise {
      for i in 0..<count { rows[i] = input + (first + i) * g.inputChannels }
    } else if plan.packs {
      let copies =
        slot
        + roundedUp(plan.chunk * g.kernelHeight * g.kernelWidth * MemoryLayout<Int>.size, to: 64)
      let row = Self.rowFloats(plan)
      window.pack(
        input, zero: zero.base, first: first, count: count, tapBytes: g.inputChannels * 4,
        rowBytes: row * 4, into: copies)
      let floats = copies.assumingMemoryBound(to: Float.self)
      for i in 0..<count { rows[i] = UnsafePointer(floats + i * row) }
    } else {
      window.rows(of: input, zero: zero.base, first: first, count: count, into: slot)
    }
    return UnsafePointer(rows)
  }

  /// Adds the outer products of a chunk to the sums of a slice of outputs, [tap][output][element].
  private func add(
    _ group: Int, _ slice: Int, _ rows: UnsafePointer<UnsafePointer<Float>?>, _ count: Int,
    _ gradient: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>
  ) {
    let (g, plan) = (geometry, plan)
    let start = slice * plan.slice
    let outputs = min(plan.slice, plan.outputs - start)
    guard outputs > 0 else { return }
    let tiles = (outputs + outer.rows - 1) / outer.rows
    let offset = plan.packs ? 0 : group * plan.elements
    for tap in 0..<plan.taps {
      for tile in 0..<tiles {
        let first = tile * outputs / tiles
        let height = (tile + 1) * outputs / tiles - first
        let output = group * plan.outputs + start + first
        let to = sums + (tap * g.outputChannels + output) * plan.elements
        for element in stride(from: 0, to: plan.elements, by: outer.columns) {
          outer.function(
            height, min(outer.columns, plan.elements - element), count, gradient + output,
            g.outputChannels, rows + tap * count, offset + element, to + element, plan.elements)
        }
      }
    }
  }

  /// Adds the sums of all pieces to the gradient, in its order.
  private func finish(
    _ sums: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, _ pool: ThreadPool
  ) {
    let (g, plan) = (geometry, plan)
    let taps = g.kernelHeight * g.kernelWidth
    let inputs = g.inputChannels / g.groups
    let kernels = GradientKernels.best
    pool.share(g.outputChannels) { _, range in
      let (first, per) = (range.lowerBound, inputs * taps)
      if taps == 1 {
        for piece in 0..<plan.pieces {
          kernels.accumulate(
            count: range.count * per, sums + piece * plan.sums + first * per,
            to: result + first * per)
        }
        return
      }
      for output in range {
        for input in 0..<inputs {
          let to = result + (output * inputs + input) * taps
          for tap in 0..<taps {
            let place =
              g.isChannelwise
              ? tap * g.outputChannels + output
              : plan.packs
                ? output * plan.elements + tap * inputs + input
                : (tap * g.outputChannels + output) * inputs + input
            var sum: Float = 0
            for piece in 0..<plan.pieces { sum += sums[piece * plan.sums + place] }
            to[tap] += sum
          }
        }
      }
    }
  }
}

extension ConvolutionGeometry {
  /// Whether each group is one input and one output channel, of several.
  fileprivate var isChannelwise: Bool {
    groups > 1 && groups == inputChannels && groups == outputChannels
  }
}

/// The portable form of `outer_f32`.
package let outerReferenceF32 = Kernel<OuterFunctionF32>(
  name: StaticName("pare_outer_f32_6x16__portable"), rows: 6, columns: 16, isa: .portable
) { m, n, pixels, a, lda, b, offset, c, ldc in
  guard let a, let b, let c else { return }
  for i in 0..<m {
    for j in 0..<n {
      var sum: Float = 0
      for p in 0..<pixels {
        if let row = b[p] { sum += a[p * lda + i] * row[offset + j] }
      }
      c[i * ldc + j] += sum
    }
  }
}

/// The portable form of `channelwise_f32`.
package let channelwiseReferenceF32 = Kernel<ChannelwiseFunctionF32>(
  name: StaticName("pare_channelwise_f32_1x1__portable"), rows: 1, columns: 1, isa: .portable
) { channels, taps, pixels, a, lda, b, stride, offset, c, ldc in
  guard let a, let b, let c else { return }
  for tap in 0..<taps {
    for k in 0..<channels {
      var sum: Float = 0
      for p in 0..<pixels {
        if let row = b[tap * stride + p] { sum += a[p * lda + k] * row[offset + k] }
      }
      c[tap * ldc + k] += sum
    }
  }
}
