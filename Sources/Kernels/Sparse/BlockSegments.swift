/// How the quads of a tap's input channels are cut into segments, in which balanced weights have as many
/// quads in each output of a panel.
///
/// A segment has at most 16 quads, since a kernel brings any of 16 into place by one instruction; all
/// but the last have the same number.
public struct BlockSegments: Hashable, Sendable {
  /// Outputs that have as many quads in a segment.
  public static let outputs = 16
  /// The fewest quads of a tap that are worth being balanced: with fewer, the stores of a product take
  /// longer than what zeros save, and the choice of weights is too narrow.
  public static let fewestQuads = 16

  /// Quads of a tap, and in a segment.
  public let quads: Int, size: Int
  /// Segments.
  public let count: Int

  /// The segments of `quads` quads of four channels each.
  public init(quads: Int) {
    self.quads = quads
    count = (quads + 15) / 16
    size = count == 0 ? 0 : (quads + count - 1) / count
  }

  /// The quads of segment `index`.
  public func range(_ index: Int) -> Range<Int> {
    index * size..<min(quads, (index + 1) * size)
  }
}
