import CKernels

/// Maximum or average pooling over windows of channels-last activations.
///
/// The geometry's channels are those of the input, its groups are not looked at; a rounded-up output
/// size is had by more padding at the bottom and right. A window wholly in the padding gives minus
/// infinity (or 0 for uint8) as its maximum, and 0 (or the zero point) as its average.
public final class Pooling: Sendable {
  /// What a window becomes.
  public enum Kind: Hashable, Sendable {
    /// The greatest input; padding does not count.
    case maximum
    /// The mean, over the whole window or over those taps only that lie in the input.
    case average(countsPadding: Bool)
  }

  /// The sizes.
  public let geometry: ConvolutionGeometry
  /// What a window becomes.
  public let kind: Kind
  /// Bytes of scratch that a run needs, aligned to 64.
  public let scratchBytes: Int

  private let window: Window
  private let slotBytes: Int
  private let elementBytes: Int
  private let float: Kernel<PoolFunctionF32>
  private let byte: Kernel<PoolFunctionU8>

  /// A pooling of float32 (4 bytes) or uint8 (1 byte) elements.
  public init(
    _ geometry: ConvolutionGeometry, _ kind: Kind, elementBytes: Int, isa: InstructionSet = .best
  ) {
    self.geometry = geometry
    self.kind = kind
    self.elementBytes = elementBytes
    window = Window(geometry, elementBytes: elementBytes)
    slotBytes = roundedUp(window.taps * MemoryLayout<Int>.size, to: 64)
    scratchBytes = slotBytes * ThreadPool.maximumParts
    float = KernelTable.best(.poolF32, upTo: isa, reference: poolReferenceF32)
    byte = KernelTable.best(.poolU8, upTo: isa, reference: poolReferenceU8)
  }

  /// The pooling of a whole image into one pixel: the average of each channel.
  public static func globalAverage(
    batch: Int = 1, height: Int, width: Int, channels: Int, elementBytes: Int,
    isa: InstructionSet = .best
  ) -> Pooling {
    Pooling(
      ConvolutionGeometry(
        batch: batch, inputHeight: height, inputWidth: width, inputChannels: channels,
        outputChannels: channels, kernelHeight: height, kernelWidth: width, groups: channels),
      .average(countsPadding: true), elementBytes: elementBytes, isa: isa)
  }

  /// Pools float32 `input`; sums are taken in the order of the taps, then multiplied by 1 / count.
  public func run(
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutableRawPointer, pool: ThreadPool
  ) {
    let channels = geometry.inputChannels
    forEachWindow(input, scratch, pool) { pixel, slot, taps in
      let rows = slot.assumingMemoryBound(to: UnsafePointer<Float>?.self)
      let y = output + pixel * channels
      guard taps > 0 else {
        y.update(repeating: kind == .maximum ? -.infinity : 0, count: channels)
        return
      }
      float.function(channels, taps, rows, y, kind == .maximum ? -1 : 1 / Float(divisor(taps)))
    }
  }

  /// Pools uint8 `input`; an average is the sum over the count, rounded half up, in integers, with
  /// padding of `zeroPoint` where it counts.
  public func run(
    input: UnsafePointer<UInt8>, zeroPoint: UInt8, output: UnsafeMutablePointer<UInt8>,
    scratch: UnsafeMutableRawPointer, pool: ThreadPool
  ) {
    let channels = geometry.inputChannels
    forEachWindow(input, scratch, pool) { pixel, slot, taps in
      let rows = slot.assumingMemoryBound(to: UnsafePointer<UInt8>?.self)
      let y = output + pixel * channels
      guard taps > 0 else {
        y.update(repeating: kind == .maximum ? 0 : zeroPoint, count: channels)
        return
      }
      let count = kind == .maximum ? 0 : divisor(taps)
      let extra = kind == .maximum ? 0 : (count - taps) * Int(zeroPoint)
      byte.function(channels, taps, rows, y, Int32(extra), Int32(count))
    }
  }

  private func divisor(_ taps: Int) -> Int {
    kind == .average(countsPadding: true) ? window.taps : taps
  }

  /// Calls `body` for each output pixel with the addresses of those taps that lie in the input.
  private func forEachWindow(
    _ input: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer, _ pool: ThreadPool,
    _ body: (_ pixel: Int, _ slot: UnsafeMutableRawPointer, _ taps: Int) -> Void
  ) {
    // A mark for taps in the padding: an address that no activation has.
    let padding = UnsafeRawPointer(scratch)
    pool.share(geometry.outputPixels) { part, range in
      let slot = scratch + part * slotBytes
      let rows = slot.assumingMemoryBound(to: UnsafeRawPointer.self)
      for pixel in range {
        window.rows(of: input, zero: padding, first: pixel, count: 1, into: slot)
        var taps = 0
        for tap in 0..<window.taps where rows[tap] != padding {
          rows[taps] = rows[tap]
          taps += 1
        }
        body(pixel, slot, taps)
      }
    }
  }
}
