/// How the elements of a tensor are laid out; raw values are the identifiers in the file.
public enum Encoding: UInt8, Sendable, Hashable, CaseIterable {
  case dense = 0
  case bitmask = 1
  case nibbleGap = 2
  case csr16 = 3
  case block1x4 = 4
  case block1x4Gap = 5
  case panels = 6
  case palette = 7

  /// The encodings that are chosen for their size, or by name on the command line: panels are not.
  public static let choices = allCases.filter { $0 != .panels }

  /// The name in reports and on the command line.
  public var name: String {
    switch self {
    case .dense: "dense"
    case .bitmask: "bitmask"
    case .nibbleGap: "nibble-gap"
    case .csr16: "csr16"
    case .block1x4: "block1x4"
    case .block1x4Gap: "block1x4-gap"
    case .panels: "panels"
    case .palette: "palette"
    }
  }
}
