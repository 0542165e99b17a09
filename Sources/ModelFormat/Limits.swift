/// Named limits of the format; docs/Format.md lists them with their reasons.
public enum Limits {
  /// Elements of one tensor: the largest count whose byte size cannot overflow 64 bits.
  public static let elements = 1 << 40
  /// Bytes that a sparse tensor may always take when expanded: a layer of zeros is legitimate.
  public static let freeExpansion = 16 << 20
  /// How many times its stored bytes a larger sparse tensor may take when expanded.
  ///
  /// Memory is bounded by the file. Gaps cost half a byte for fifteen zeros, so that int8 stays below;
  /// wider elements that are nearly all zero can exceed it, and writers choose another encoding.
  public static let expansion = 64
  /// Bytes that the constants of all values may always take together when expanded.
  public static let freeConstants = 256 << 20
  /// Dimensions of one tensor: a fixed array in each record.
  public static let rank = 8
  /// Extent of one dimension: 32 bits in each record.
  public static let extent = Int(UInt32.max)
  /// Bytes of one name in UTF-8.
  public static let nameBytes = 1024
  /// Values, nodes or tensors of one graph.
  public static let entries = 1 << 20
  /// Inputs or outputs of one node.
  public static let operands = 1 << 16
  /// How deep bodies of nodes may lie within each other.
  public static let bodyDepth = 8
  /// Bytes of the metadata section: it is read by hosts, never by a device.
  public static let metadataBytes = 16 << 20

  /// Whether the constants of a file of `file` bytes may take `expanded` bytes together: many values
  /// can share one tensor, and many tensors of zeros take next to nothing.
  static func justifies(file: Int, expanded: Int) -> Bool {
    expanded <= freeConstants || expanded / expansion <= file
  }
}
