/// A rule of docs/Shipping.md that a packed file breaks, and where.
public struct PackedError: Error, Hashable {
  /// The rules, one for each way in which a packed file can be wrong.
  public enum Rule: String, Sendable, CaseIterable {
    case headerLength
    case magic
    case headerChecksum
    case byteOrder
    case majorVersion
    case incompatibleFeature
    case headerReserved
    case sizes
    case chunkSize
    case chunkDigest
    case piece
    case pieceLength
    case baseRange
    case plane
    case trailingBytes
  }

  /// The broken rule.
  public let rule: Rule
  /// Where in the file the rule is broken, in bytes from its start; the chunk's start for all in it.
  public let offset: Int
  /// What was found.
  public let detail: String

  init(_ rule: Rule, at offset: Int, _ detail: String = "") {
    self.rule = rule
    self.offset = offset
    self.detail = detail
  }
}

extension PackedError: CustomStringConvertible {
  /// One line: the offset, the rule in words, and what was found.
  public var description: String {
    "offset \(offset): \(rule.words)" + (detail.isEmpty ? "" : " (\(detail))")
  }
}

extension PackedError.Rule {
  /// What is wrong with a file that breaks the rule.
  public var words: String {
    switch self {
    case .headerLength: "the file ends within its header: it is cut short or no packed .pare file"
    case .magic: "not a packed .pare file: the first bytes are others"
    case .headerChecksum: "the header's checksum is wrong: the file is damaged"
    case .byteOrder: "the byte-order mark is wrong"
    case .majorVersion: "the form's version is not known to this reader; use a newer one"
    case .incompatibleFeature: "the file needs a feature that this reader lacks; use a newer one"
    case .headerReserved: "reserved bytes of the header are not zero"
    case .sizes: "the sizes in the header are impossible"
    case .chunkSize: "a chunk is larger or smaller than any can be"
    case .chunkDigest: "a chunk does not match its digest: the file is damaged; fetch it again"
    case .piece: "a piece is of an unknown kind"
    case .pieceLength: "the pieces of a chunk are not as long as the chunk"
    case .baseRange: "a piece reads beyond the end of the base"
    case .plane: "the compressed bytes of a piece are malformed"
    case .trailingBytes: "bytes follow the last chunk"
    }
  }
}
