public import ModelFormat

/// Weights as they will be when they are integers: symmetric, with a scale for each output channel.
///
/// Arithmetic and order are those of docs/Quantization.md, *Weights*: the same bits come out that the quantizer
/// makes of the same weights and scales.
public struct WeightQuantizer: Sendable, Hashable {
  /// Where scales come from.
  public enum Scales: Sendable, Hashable {
    /// The largest magnitude of each channel, at each step again.
    case largest
    /// One for each channel, or one for all, which stay.
    case fixed([Float])
  }

  /// Bits of a weight, 2 to 8.
  public let bits: Int
  /// The dimension of output channels.
  public let axis: Int
  /// Where scales come from.
  public let scales: Scales

  /// A quantizer; `bits` is held within 2 and 8.
  public init(bits: Int = 8, axis: Int = 0, scales: Scales = .largest) {
    self.bits = min(max(bits, 2), 8)
    self.axis = axis
    self.scales = scales
  }

  /// The least and the greatest level: of eight bits −127 and 127, of fewer all that there are.
  public var levels: ClosedRange<Float> {
    let most = Float(1 << (bits - 1))
    return (bits < 8 ? -most : 1 - most)...(most - 1)
  }

  /// The scales for `weights` of `shape`; nil where a weight is not finite.
  public func scales(_ weights: UnsafeBufferPointer<Float>, _ shape: Shape) -> [Float]? {
    let channels = ChannelWalk(shape, axis: axis)
    switch scales {
    case .fixed(let scales):
      precondition(
        scales.count == 1 || scales.count == channels.channels,
        "as many scales as channels are needed")
      return scales.count == 1
        ? [Float](repeating: scales[0], count: channels.channels) : scales
    case .largest:
      var found = [Float](repeating: 0, count: channels.channels)
      var isFinite = true
      channels.forEach { channel, range in
        for index in range {
          isFinite = isFinite && weights[index].isFinite
          found[channel] = max(found[channel], abs(weights[index]))
        }
      }
      guard isFinite, let most = found.max() else { return nil }
      let widest = most / levels.upperBound
      let fallback: Float = widest.isNormal ? widest : 1
      return Quantization.roundedUpToHalfRatios(
        found.map {
          let scale = $0 / levels.upperBound
          return scale.isNormal ? scale : fallback
        })
    }
  }

  /// Writes what `weights` become to `rounded`, which may be the same memory.
  ///
  /// - Returns: the scales; nil, and the weights as they are, where one is not finite.
  @discardableResult
  public func apply(
    _ weights: UnsafeBufferPointer<Float>, _ shape: Shape,
    to rounded: UnsafeMutableBufferPointer<Float>
  ) -> [Float]? {
    guard let scales = scales(weights, shape) else {
      for index in weights.indices { rounded[index] = weights[index] }
      return nil
    }
    ChannelWalk(shape, axis: axis).forEach { channel, range in
      let scale = scales[channel]
      for index in range { rounded[index] = level(weights[index], scale) * scale }
    }
    return scales
  }

  /// Sets gradients to zero where a weight lies beyond the last level: what is held back there does not follow
  /// it (straight-through estimate; Bengio, Léonard and Courville, 2013).
  public func maskGradient(
    _ gradient: UnsafeMutableBufferPointer<Float>, _ weights: UnsafeBufferPointer<Float>,
    _ shape: Shape, scales: [Float]
  ) {
    let (least, most) = (levels.lowerBound, levels.upperBound)
    ChannelWalk(shape, axis: axis).forEach { channel, range in
      for index in range {
        // Held to the levels next to the range, so that it can be rounded.
        let scaled = min(max(weights[index] / scales[channel], least - 1), most + 1)
        let level = HalfEven.rounded(scaled)
        gradient[index] = level >= least && level <= most ? gradient[index] : 0
      }
    }
  }

  /// The weights as integers with their scales, ready for the file; nil where one is not finite.
  public func tensor(_ weights: UnsafeBufferPointer<Float>, _ shape: Shape) -> Tensor? {
    guard let scales = scales(weights, shape) else { return nil }
    var stored = [Int8](repeating: 0, count: weights.count)
    ChannelWalk(shape, axis: axis).forEach { channel, range in
      for index in range { stored[index] = Int8(level(weights[index], scales[channel])) }
    }
    return Tensor(
      type: .int8, shape: shape, bytes: Bytes(elements: stored),
      quantization: Quantization(scales: scales, axis: axis))
  }

  /// The level of a weight: in float32 for eight bits and in double for fewer, as each quantizer does.
  @inline(__always)
  private func level(_ weight: Float, _ scale: Float) -> Float {
    if weight.isNaN { return 0 }
    guard bits == 8 else {
      let rounded = Float((Double(weight) / Double(scale)).rounded(.toNearestOrEven))
      return min(max(rounded, levels.lowerBound), levels.upperBound)
    }
    return HalfEven.rounded(min(max(weight / scale, -127), 127))
  }
}

/// Rounding half to even without a call, so that loops become vectors.
enum HalfEven {
  /// The integer nearest to `x`, which is within ±2²².
  @inline(__always)
  static func rounded(_ x: Float) -> Float { (x + 12_582_912) - 12_582_912 }
}

/// The weights of each channel, as ranges of neighbours.
struct ChannelWalk {
  /// Channels.
  let channels: Int
  private let inner: Int
  private let outer: Int

  init(_ shape: Shape, axis: Int) {
    channels = shape[axis]
    inner = shape.dimensions[(axis + 1)...].reduce(1, *)
    outer = shape.dimensions[..<axis].reduce(1, *)
  }

  /// Calls `body` for each range of weights of one channel.
  @inline(__always)
  func forEach(_ body: (_ channel: Int, _ range: Range<Int>) -> Void) {
    for block in 0..<outer {
      for channel in 0..<channels {
        let start = (block * channels + channel) * inner
        body(channel, start..<start + inner)
      }
    }
  }
}
