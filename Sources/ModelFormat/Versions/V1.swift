/// The layout of version 1: every number that reader and writer share.
///
/// docs/Format.md binds.
enum V1 {
  /// `\x89PARE\r\n\x1a`: shows a foreign file, text-mode damage and seven-bit transport at once.
  static let magic: [UInt8] = [0x89, 0x50, 0x41, 0x52, 0x45, 0x0D, 0x0A, 0x1A]
  static let byteOrderMark: UInt32 = 0x0102_0304
  static let major: UInt16 = 1
  static let minor: UInt16 = 0

  static let headerSize = 128
  static let sectionEntrySize = 64
  static let valueRecordSize = 64
  static let tensorRecordSize = 128
  static let digestSize = 32

  /// Bits of the incompatible features.
  enum Feature {
    /// The shapes of some values depend on the data, and nodes may have bodies.
    static let dependsOnData: UInt64 = 1
    static let all = dependsOnData
  }

  /// Stands for the rank of a value whose shape depends on the data.
  static let openRank: UInt8 = 255

  /// Sections and tensors start at multiples of this, so that vectors load aligned.
  static let alignment = 64
  /// Streams of one tensor start at multiples of this.
  static let streamAlignment = 16
  /// Sections of one file, known and unknown.
  static let maximumSections = 64

  /// Byte offsets of the header's fields.
  enum Header {
    static let byteOrder = 8
    static let major = 12
    static let minor = 14
    static let fileSize = 16
    static let incompatible = 24
    static let compatible = 32
    static let sections = 40
    static let values = 44
    static let tensors = 48
    static let nodes = 52
    static let inputs = 56
    static let outputs = 60
    static let release = 64
    static let tableDigest = 72
    static let reserved = 104..<124
    static let checksum = 124
  }

  /// The sections in the order in which they lie in the file.
  enum Section: UInt32, CaseIterable {
    case names = 1
    case values = 2
    case tensors = 3
    case graph = 4
    case metadata = 5
    case data = 6

    /// Set in a kind whose section a reader must understand.
    static let criticalBit: UInt32 = 1 << 31

    var isCritical: Bool { self != .metadata }
    var kind: UInt32 { isCritical ? rawValue | Self.criticalBit : rawValue }

    var name: String {
      switch self {
      case .names: "names"
      case .values: "values"
      case .tensors: "tensors"
      case .graph: "graph"
      case .metadata: "metadata"
      case .data: "data"
      }
    }
  }

  /// The signature section, directly behind the table where there is one: see `ModelSignature`.
  enum Signature {
    static let kind: UInt32 = 7
    static let size = 80
    /// Ed25519 of `ModelSignature.context`, header and section table.
    static let algorithm: UInt32 = 1
    static let keyID = 8..<16
    static let bytes = 16..<80
  }

  /// Kinds of attributes in the graph section.
  enum AttributeKind: UInt32 {
    case int = 1
    case float = 2
    case string = 3
    case ints = 4
    case floats = 5
    case strings = 6
  }

  /// Bits of a tensor record's quantization byte.
  enum QuantizationFlag {
    static let present: UInt8 = 1
    static let perAxis: UInt8 = 2
    static let zeroPoints: UInt8 = 4
    /// Scales are one float32, the largest, and a float16 part of it for each index of the axis.
    static let halfRatios: UInt8 = 8
    static let all = present | perAxis | zeroPoints | halfRatios
  }

  /// Stands for an operand that is left out.
  static let absent = UInt32.max

  /// `offset` rounded up to a multiple of `alignment`.
  static func align(_ offset: Int, to alignment: Int = alignment) -> Int {
    (offset + alignment - 1) / alignment * alignment
  }
}
