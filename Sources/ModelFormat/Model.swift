/// A network and what is said about it: the content of one file.
public struct Model: Sendable {
  /// The network.
  public var graph: Graph
  /// The encoded metadata message of `schemas/pare.proto`; opaque here, and never read by a device.
  public var metadata: Bytes
  /// A number that rises with each release of a model; zero where nobody counts.
  public var release: UInt64
  /// Sections that this version does not know and that may be ignored; kept when rewriting.
  public var ancillary: [AncillarySection]

  /// A model with the given content.
  public init(
    graph: Graph, metadata: Bytes = Bytes([]), release: UInt64 = 0,
    ancillary: [AncillarySection] = []
  ) {
    self.graph = graph
    self.metadata = metadata
    self.release = release
    self.ancillary = ancillary
  }
}

/// A section that a reader may skip.
public struct AncillarySection: Sendable {
  /// The kind's number, without the critical bit.
  public let kind: UInt32
  /// The content.
  public let bytes: Bytes

  /// A section of `kind` with `bytes`.
  public init(kind: UInt32, bytes: Bytes) {
    self.kind = kind
    self.bytes = bytes
  }
}
