/// How the one output of a node is made of its inputs alone, each a column of it: what a plan needs to have
/// an input written where it ends up.
public struct Joining: Sendable {
  /// Bytes of a row of the output, all inputs of it.
  public let pitch: Int
  /// For each input the byte of a row where its part begins; nil where its elements change on the way.
  public let offsets: [Int?]

  /// For each input the bytes of a row that are its own.
  public let widths: [Int]

  /// Inputs of `widths` bytes that lie at `offsets` of rows of `pitch` bytes.
  public init(pitch: Int, offsets: [Int?], widths: [Int]) {
    self.pitch = pitch
    self.offsets = offsets
    self.widths = widths
  }
}
