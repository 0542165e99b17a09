/// A rule of docs/Format.md that a file breaks, and where.
public struct ModelError: Error, Hashable {
  /// The rules, one for each way in which a file can be wrong.
  public enum Rule: String, Sendable, CaseIterable {
    case headerLength
    case magic
    case byteOrder
    case headerChecksum
    case majorVersion
    case incompatibleFeature
    case headerReserved
    case fileSize
    case sectionCount
    case sectionTableDigest
    case sectionTableReserved
    case sectionMissing
    case sectionUnknown
    case sectionOrder
    case sectionPlace
    case sectionDigest
    case signature
    case padding
    case entryCount
    case nameTable
    case nameOrder
    case nameText
    case valueRecord
    case valueName
    case elementType
    case rank
    case elementCount
    case scale
    case zeroPoint
    case tensorRecord
    case tensorPlace
    case tensorDigest
    case tensorReference
    case constantExpansion
    case encodingUnknown
    case encodingStream
    case sparseZeroPoint
    case graphLength
    case operandIndex
    case definedTwice
    case usedBeforeDefined
    case attribute
    case graphOutput
    case openShape
    case body
  }

  /// The broken rule.
  public let rule: Rule
  /// Where in the file the rule is broken, in bytes from its start.
  public let offset: Int
  /// What it is about: a section, a tensor, a node.
  public let subject: String
  /// What was found.
  public let detail: String

  init(_ rule: Rule, at offset: Int, _ subject: String = "", _ detail: String = "") {
    self.rule = rule
    self.offset = offset
    self.subject = subject
    self.detail = detail
  }
}
