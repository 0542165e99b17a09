/// The weights of one output as quads of channels: words [tap][quad] of four int8 each, the first in the
/// low byte, channels padded with zeros.
///
/// Weights lie as [input][tap]; a row of one tap and whole quads is read where it is.
struct QuadRow {
  /// Taps, and quads of each.
  let taps: Int, quads: Int
  private let channels: Int
  private let turned: AlignedBytes

  init(_ g: ConvolutionGeometry) {
    (taps, channels) = (g.kernelHeight * g.kernelWidth, g.inputChannels)
    quads = (channels + 3) / 4
    turned = AlignedBytes(taps == 1 && channels % 4 == 0 ? 0 : taps * quads * 4)
  }

  /// Calls `body` with the words of the weights at `row`, which need not be aligned.
  @inline(__always) func withWords(
    of row: UnsafePointer<Int8>, _ body: (UnsafeRawPointer) -> Void
  ) {
    guard turned.count > 0 else { return body(row) }
    let to = turned.pointer(Int8.self)
    for channel in 0..<channels {
      let from = row + channel &* taps
      for tap in 0..<taps { to[tap &* quads &* 4 &+ channel] = from[tap] }
    }
    body(turned.base)
  }
}
